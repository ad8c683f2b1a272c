import type { StringMap } from "../provider/types.js";
import type { BackendTraits } from "./backend.js";

const prefix = "gestalt-";
const names = {
  provider: `${prefix}provider`,
  session: `${prefix}session`,
  instance: `${prefix}instance`,
  plugin: `${prefix}plugin`,
  started: `${prefix}started`,
  expires: `${prefix}expires`,
  metadata: `${prefix}metadata`,
} as const;

/** What a guest's labels say about its session. */
export interface GuestLabels {
  /** The name that the operator gave the provider. */
  readonly provider: string;
  readonly session: string;
  /** The instance of the provider that made the guest. */
  readonly instance: string;
  readonly plugin: string;
  readonly startedAtMs: number;
  readonly expiresAtMs?: number;
  readonly metadata: StringMap;
}

const defaultRoom = { entries: 64, valueBytes: 1_024 };

/**
 * Writes labels. The metadata goes in whole, as JSON cut into as many labels as it needs; where the backend's
 * labels have no room for it, it is left out and `lost` says so.
 */
export function writeLabels(
  facts: GuestLabels,
  room: BackendTraits["labels"] = defaultRoom,
): { labels: StringMap; lost: boolean } {
  const labels: Record<string, string> = {
    [names.provider]: facts.provider,
    [names.session]: facts.session,
    [names.instance]: facts.instance,
    [names.plugin]: facts.plugin,
    [names.started]: String(facts.startedAtMs),
  };
  if (facts.expiresAtMs !== undefined) labels[names.expires] = String(facts.expiresAtMs);
  const pieces = cut(JSON.stringify(facts.metadata), room.valueBytes);
  if (Object.keys(labels).length + pieces.length > room.entries) return { labels, lost: true };
  pieces.forEach((piece, index) => (labels[`${names.metadata}-${index}`] = piece));
  return { labels, lost: false };
}

/** Reads labels back; undefined where they are not a session's. */
export function readLabels(labels: StringMap): GuestLabels | undefined {
  const { [names.session]: session, [names.instance]: instance, [names.provider]: provider } = labels;
  if (session === undefined || instance === undefined || provider === undefined) return undefined;
  const expires = Number(labels[names.expires]);
  return {
    provider,
    session,
    instance,
    plugin: labels[names.plugin] ?? "",
    startedAtMs: Number(labels[names.started] ?? 0),
    ...(Number.isFinite(expires) && { expiresAtMs: expires }),
    metadata: readMetadata(labels),
  };
}

/** The labels by which the guests of a provider, or of one of its sessions, are found. */
export function searchLabels(provider: string, session?: string): StringMap {
  return { [names.provider]: provider, ...(session !== undefined && { [names.session]: session }) };
}

function readMetadata(labels: StringMap): StringMap {
  let text = "";
  for (let index = 0; ; index += 1) {
    const piece = labels[`${names.metadata}-${index}`];
    if (piece === undefined) break;
    text += piece;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}

/** Cuts a text into pieces of at most so many bytes, between characters. */
function cut(text: string, bytes: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let size = 0;
  for (const character of text) {
    const more = Buffer.byteLength(character);
    if (size + more > bytes) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += character;
    size += more;
  }
  return piece === "" ? pieces : [...pieces, piece];
}
