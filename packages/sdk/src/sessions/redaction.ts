import { namesSecret } from "../operations/redact-shapes.js";
import type { JsonObject } from "../provider/types.js";

/** Shorter secrets would blacken ordinary words. */
const shortest = 6;
/** A line of a longer secret, such as a key: output is taken line by line. */
const shortestLine = 20;

/** Takes a session's secrets, or a provider's, out of texts that leave for logs, errors and states. */
export class Redaction {
  #secrets: string[] = [];

  /** @param shared what is secret besides, for all sessions */
  constructor(private readonly shared?: Redaction) {}

  add(...secrets: (string | undefined)[]): void {
    const found = secrets
      .flatMap((secret = "") => [secret, ...spellings(secret)])
      .filter((secret) => secret.length >= shortest);
    // A secret may hold another one: the longer goes first.
    this.#secrets = [...new Set([...this.#secrets, ...found])].sort((a, b) => b.length - a.length);
  }

  /** Tokens of host services, passwords in URLs, and what the variables' own names call a secret. */
  addEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    const found: (string | undefined)[] = [];
    for (const [name, value = ""] of Object.entries(env)) {
      if (namesSecret(name)) found.push(value);
      for (const [, user = "", password = ""] of value.matchAll(/\/\/([^/?#\s@:]*):([^/?#\s@]+)@/g))
        found.push(
          password,
          decoded(password),
          base64(`${decoded(user) ?? user}:${decoded(password) ?? password}`),
        );
    }
    this.add(...found);
  }

  /** What the names of an operator's configuration call a secret, at any depth, and passwords in its URLs. */
  addConfig(config: JsonObject): void {
    this.#addTree(config, false);
  }

  /** A password, also as a header of HTTP carries it. */
  addCredentials({ username, password }: { readonly username: string; readonly password: string }): void {
    this.add(password, base64(`${username}:${password}`));
  }

  redact(text: string): string {
    const left = this.redactOwn(text);
    return this.shared === undefined ? left : this.shared.redact(left);
  }

  /** Without what is shared. */
  redactOwn(text: string): string {
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text);
  }

  #addTree(value: unknown, isSecret: boolean): void {
    if (typeof value === "string") {
      if (isSecret) this.add(value);
      else this.addEnvironment({ "": value });
    } else if (typeof value === "object" && value !== null)
      for (const [name, field] of Object.entries(value)) this.#addTree(field, isSecret || namesSecret(name));
  }
}

/** How a secret may be found in a text besides: in a URL, in a string of JSON, line by line. */
function spellings(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line, _, all) => all.length > 1 && line.length >= shortestLine);
  return [encoded(secret), JSON.stringify(secret).slice(1, -1), ...lines];
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a character, which no URL holds.
    return text;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
