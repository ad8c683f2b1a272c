import type { CheckResult } from "../runner/result.js";

/**
 * Gives what differs between runs (ids that the provider made up, temporary folders, marks) names by order of
 * appearance, so that two equal runs read the same; and takes out what is secret.
 */
export class StableNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  constructor(result: Pick<CheckResult, "calls" | "logs">) {
    for (const { method, outcome } of result.calls) {
      if (outcome?.code !== "OK") continue;
      const kind = kinds[method.slice(method.indexOf("/") + 1)];
      const { response } = outcome;
      if (kind === undefined || typeof response !== "object" || response === null) continue;
      if ("id" in response && typeof response.id === "string" && response.id.length > 3)
        this.#name(response.id, kind);
    }
    for (const id of Object.keys(result.logs)) if (id.length > 3) this.#name(id, "session");
  }

  text(text: string): string {
    let stable = text;
    for (const [id, name] of this.#names) stable = stable.replaceAll(id, name);
    return redactText(
      stable
        .replaceAll(/\/tmp\/gcf-\w{6}/g, "/tmp/gcf")
        .replaceAll(/\bgst-\w{6}\b/g, "gst")
        .replaceAll(/\bsecret-[0-9a-f]{16}\b/g, "<planted-secret>")
        .replaceAll(/(CONFORMANCE_\w+_MARK"?[=:]"?)[0-9a-f]{16}/g, "$1<mark>")
        .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (id) => this.#name(id, "uuid"))
        .replaceAll(/\b(pid|process) \d+\b/g, "$1 <pid>"),
    );
  }

  /** The same for every text in a JSON value, and secrets by their keys. */
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        this.text(key),
        typeof one === "string" && isSecret(key) ? "<redacted>" : this.value(one),
      ]),
    );
  }

  #name(id: string, kind: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `<${kind}-${count}>`;
    this.#names.set(id, name);
    return name;
  }
}

const kinds: Readonly<Record<string, string>> = {
  StartSession: "session",
  BindHostService: "binding",
  StartPlugin: "plugin",
};

function isSecret(key: string): boolean {
  return /token|secret|password|credential|dockerconfig|docker_config|authorization|api_?key/i.test(key);
}

/** Credentials in URLs, and JSON web tokens. */
function redactText(text: string): string {
  return text
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, "$1<redacted>@")
    .replaceAll(/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, "<redacted>");
}
