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

  it("takes the longer of two secrets first, and leaves short words alone", () => {
    const secrets = new Redaction();
    secrets.add("secret", "secret-and-more", "on", undefined);
    expect(secrets.redact("secret-and-more on secret")).toBe("[redacted] on [redacted]");
  });
});
