import type { StringMap } from "../provider/types.js";

/** Shorter secrets would blacken ordinary words. */
const shortest = 6;

/** Takes a session's secrets out of texts that leave for logs, errors and states. */
export class Redaction {
  #secrets: string[] = [];

  add(...secrets: (string | undefined)[]): void {
    const found = secrets.filter((secret) => secret !== undefined && secret.length >= shortest) as string[];
    // A secret may hold another one: the longer goes first.
    this.#secrets = [...new Set([...this.#secrets, ...found])].sort((a, b) => b.length - a.length);
  }

  /** Tokens of host services, passwords in URLs, and what the variables' own names call a secret. */
  addEnvironment(env: StringMap): void {
    for (const [name, value] of Object.entries(env)) {
      if (/(TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIALS?)$/i.test(name)) this.add(value);
      for (const [, password = ""] of value.matchAll(/\/\/[^/?#\s@]*:([^/?#\s@]+)@/g))
        this.add(password, decoded(password));
    }
  }

  redact(text: string): string {
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text);
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
