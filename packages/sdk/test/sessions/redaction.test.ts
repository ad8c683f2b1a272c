import { describe, expect, it } from "vitest";
import { Redaction } from "../../src/sessions/redaction.js";

describe("redaction", () => {
  it("T19: takes tokens and passwords of a plugin's environment out of any text", () => {
    const secrets = new Redaction();
    secrets.addEnvironment({
      GESTALT_CACHE_SOCKET_TOKEN: "eyJhbGciOi.token.one",
      DATABASE_PASSWORD: "correct horse",
      STRIPE_API_KEY: "sk_live_123456",
      HTTPS_PROXY: "https://gestalt-egress-proxy:p%40ssw0rd@proxy.example.com:8443",
      HARMLESS: "a plain value",
    });
    const text =
      "POST eyJhbGciOi.token.one with correct horse, sk_live_123456 through https://gestalt-egress-proxy:p%40ssw0rd@proxy.example.com:8443 (p@ssw0rd) and a plain value";
    expect(secrets.redact(text)).toBe(
      "POST [redacted] with [redacted], [redacted] through https://gestalt-egress-proxy:[redacted]@proxy.example.com:8443 ([redacted]) and a plain value",
    );
  });

  it("T19: knows a configuration's secrets by their names, at any depth, and how they look elsewhere", () => {
    const secrets = new Redaction();
    secrets.addConfig({
      region: "eu-west-1",
      credentials: { id: "key id/1", list: ["second\nkey"] },
      endpoints: [{ url: "https://user:p%40ssw0rd@cloud.example.com", apiKey: "third-key" }],
    });
    secrets.addCredentials({ username: "robot", password: "fourth-key" });
    const hidden = ["key id/1", "key%20id%2F1", "second\\nkey", "p@ssw0rd", "third-key", "fourth-key"];
    hidden.push(...["user:p@ssw0rd", "robot:fourth-key"].map((pair) => Buffer.from(pair).toString("base64")));
    expect(secrets.redact(`eu-west-1 ${hidden.join(" ")}`)).toBe(
      `eu-west-1${" [redacted]".repeat(hidden.length)}`,
    );
  });

  it("T19: finds a key of several lines in output that comes line by line", () => {
    const secrets = new Redaction();
    secrets.addEnvironment({ TLS_SECRET: "-----BEGIN-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END-----" });
    expect(secrets.redact("1: MIGHAgEAMBMGByqGSM49AgEG")).toBe("1: [redacted]");
  });

  it("takes the longer of two secrets first, and leaves short words alone", () => {
    const secrets = new Redaction();
    secrets.add("secret", "secret-and-more", "on", undefined);
    expect(secrets.redact("secret-and-more on secret")).toBe("[redacted] on [redacted]");
  });
});
