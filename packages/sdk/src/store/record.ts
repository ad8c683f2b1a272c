import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { SessionRecord } from "../sessions/session-store.js";

/** A record with a handle or metadata past this is refused when it is saved, and not read when it is found. */
export const maxRecordBytes = 1_048_576;

const maxIdBytes = 200;
const intents: readonly unknown[] = ["create", "keep", "destroy"] satisfies SessionRecord["intent"][];
const states: readonly unknown[] = [
  "pending",
  "ready",
  "running",
  "stopped",
  "failed",
] satisfies SessionRecord["state"][];

/** A record and whose it is: providers of other names may use the same directory. */
export interface StoredRecord {
  readonly providerName: string;
  readonly record: SessionRecord;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => string | undefined;

/** Every field that is written, in this order, and no other: what a caller adds by mistake stays off the disk. */
const checks: Readonly<Record<keyof SessionRecord, Check>> = {
  version: (value) => (value === 1 ? undefined : "is not 1, the version that this SDK knows"),
  id: (value) =>
    typeof value === "string" && value !== "" && Buffer.byteLength(value) <= maxIdBytes
      ? undefined
      : `is not a text of 1 to ${maxIdBytes} bytes`,
  name: isText,
  pluginName: isText,
  metadata: isStringMap,
  startedAtMs: isTime,
  expiresAtMs: optional(isTime),
  intent: oneOf(intents),
  state: oneOf(states),
  stateReason: optional(isText),
  stateMessage: optional(isText),
  handle: () => undefined,
  notes: optional(isStringMap),
};

/**
 * Writes a record as one line of JSON.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a record that could not be read back
 */
export function encodeRecord({ providerName, record }: StoredRecord): string {
  const fields = record as unknown as Fields;
  const fault = faultOf(fields);
  if (fault !== undefined) throw refused(record, fault);
  const known = Object.keys(checks).map((name) => [name, fields[name]]);
  let text: string;
  try {
    text = `${JSON.stringify({ ...Object.fromEntries(known), providerName })}\n`;
  } catch (cause) {
    throw refused(record, `"handle" is not plain JSON (${(cause as Error).message})`, cause);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxRecordBytes)
    throw refused(record, `it takes ${bytes} bytes, more than ${maxRecordBytes}; keep the handle small`);
  return text;
}

/**
 * Reads what {@link encodeRecord} wrote; fields that it does not know are left out.
 *
 * @returns the record, or a sentence's end that says what is wrong with the text
 */
export function decodeRecord(text: string): StoredRecord | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: "is torn or no JSON" };
  }
  if (!isObject(value)) return { fault: "is no session record" };
  const fault = faultOf(value);
  if (fault !== undefined) return { fault: `is no session record of this SDK: ${fault}` };
  const { providerName } = value;
  if (typeof providerName !== "string") return { fault: `is no session record: "providerName" is no text` };
  const known = Object.keys(checks).filter((name) => value[name] !== undefined);
  const record = Object.fromEntries(known.map((name) => [name, value[name]])) as unknown as SessionRecord;
  return { providerName, record };
}

function faultOf(fields: Fields): string | undefined {
  for (const [name, check] of Object.entries(checks)) {
    const fault = check(fields[name]);
    if (fault !== undefined) return `"${name}" ${fault}`;
  }
  return undefined;
}

function refused(record: SessionRecord, fault: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `the record of the session ${JSON.stringify(record.id)} can't be saved: ${fault}`,
    { cause },
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): string | undefined {
  return typeof value === "string" ? undefined : "is no text";
}

function isTime(value: unknown): string | undefined {
  return Number.isFinite(value) ? undefined : "is no time in milliseconds";
}

function isStringMap(value: unknown): string | undefined {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === "string")
    ? undefined
    : "is no map of texts";
}

function oneOf(known: readonly unknown[]): Check {
  return (value) => (known.includes(value) ? undefined : `is none of ${known.join(", ")}`);
}

function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}
