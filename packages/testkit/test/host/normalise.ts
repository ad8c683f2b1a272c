import type { JsonValue } from "@bufbuild/protobuf";
import type { RecordedEvent } from "./recording.js";

/** Where the replay's files lie; the recordings have placeholders in their place. */
export interface ReplayPaths {
  /** Begins with this: the host's or the provider's temporary files. */
  readonly tmp: string;
  readonly artifacts: string;
  readonly configDir: string;
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const jwt = /eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g;

/** Puts the recordings' placeholders where the replay has paths, ids and tokens. */
export function withPlaceholders(
  events: readonly RecordedEvent[],
  paths: ReplayPaths,
): readonly RecordedEvent[] {
  const socketDirectory = new RegExp(`${paths.tmp}/gst-(\\w+)`, "g");
  const providerDirectory = new RegExp(`${paths.tmp}/rec-\\w+/p-\\w+`, "g");
  return events.map((event) =>
    mapStrings(event, (text) =>
      text
        .replaceAll(jwt, (_token, claims: string) => claimsOf(claims))
        .replaceAll(paths.artifacts, "<artifacts>")
        .replaceAll(paths.configDir, "<config-dir>")
        .replaceAll(socketDirectory, "<host-tmp-$1>")
        .replaceAll(providerDirectory, "<provider-tmp>")
        .replaceAll(uuid, "<uuid>"),
    ),
  );
}

/** Names sessions after their plugins: which instance numbers them first is a race. */
export function withNamedSessions(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const names = new Map<string, string>();
  for (const { event, method, response } of events) {
    if (method !== "PluginRuntimeProvider/StartSession") continue;
    if (event !== "answer") continue;
    const { id, metadata } = (response ?? {}) as { id?: string; metadata?: { provider_name?: string } };
    if (id !== undefined && metadata?.provider_name !== undefined) names.set(id, metadata.provider_name);
  }
  return events.map((event) =>
    mapStrings(event, (text) =>
      text.replaceAll(/(?<=^|p-|session )s\d+(?=$| created)/g, (id) => `<session of ${names.get(id) ?? id}>`),
    ),
  );
}

/** Numbers the host's directories by their first appearance, keys in order of their names. */
export function withNumberedDirectories(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const numbers = new Map<string, number>();
  return events.map((event) =>
    mapStrings(event, (text) =>
      text.replaceAll(/<host-tmp-(\w+)>/g, (directory) => {
        const number = numbers.get(directory) ?? numbers.size;
        numbers.set(directory, number);
        return `<host-directory-${number}>`;
      }),
    ),
  );
}

/** A token as its claims, with what differs from call to call made equal. */
function claimsOf(encoded: string): string {
  const claims = JSON.parse(Buffer.from(encoded, "base64url").toString()) as Record<string, JsonValue>;
  const at = Number(claims.iat);
  const relative = (value: JsonValue | undefined): string =>
    value === at ? "iat" : `iat+${Number(value) - at}`;
  return `<jwt ${JSON.stringify({
    ...claims,
    iat: "<now>",
    nbf: relative(claims.nbf),
    exp: relative(claims.exp),
  })}>`;
}

export function mapStrings<T extends JsonValue | RecordedEvent>(value: T, map: (text: string) => string): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return map(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    const keys = Object.keys(item).sort();
    return Object.fromEntries(keys.map((key) => [key, walk((item as Record<string, unknown>)[key])]));
  };
  return walk(value) as T;
}
