import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import schema from "../config.schema.json" with { type: "json" };
import { openPlace, refusal, startRuntime, startSession } from "./support.js";

type Config = Record<string, string | number>;
type Properties = Readonly<Record<string, Readonly<Record<string, string | number>>>>;
interface Operator {
  readonly runtime: { readonly providers: { readonly cloud: { readonly config: Config } } };
}

/** The configurations that the docs show. */
async function documented(): Promise<Config[]> {
  const page = await readFile(new URL("../../../docs/write-a-backend.md", import.meta.url), "utf8");
  return [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)]
    .map(([, text = ""]) => parse(text) as Partial<Operator>)
    .filter((operator): operator is Operator => operator.runtime !== undefined)
    .map(({ runtime }) => runtime.providers.cloud.config);
}

describe("the configuration", () => {
  it("T24, LIFE-3: every configuration that the docs show is taken, its durations too, and works", async () => {
    const configs = await documented();
    expect(configs.length).toBeGreaterThan(0);
    for (const config of configs) {
      const place = await openPlace();
      const stateDir = `${place.directory}/state`;
      const provider = await startRuntime(place, {
        config: { ...config, stateDir, endpoint: place.cloud.endpoint },
      });
      const sessionId = await startSession(provider);
      const { lifecycle } = await provider.runtime.getSession({ sessionId });
      const lifetimeMs = Number(config.sessionLifetimeMs);
      const seconds = Number(lifecycle?.expiresAt?.seconds) - Number(lifecycle?.startedAt?.seconds);
      expect(Math.abs(seconds * 1_000 - lifetimeMs)).toBeLessThanOrEqual(1_000);
      await provider.sessions.stop(sessionId);
    }
  });

  it("T24, LIFE-3: the endpoint of the docs is taken as it is", async () => {
    const [config = {}] = await documented();
    const place = await openPlace();
    await startRuntime(place, { config: { ...config, stateDir: `${place.directory}/state` } });
  });

  it("T24, LIFE-3: every default and every bound that the schema names is taken", async () => {
    for (const bound of ["default", "minimum", "maximum"] as const) {
      const given = Object.entries(schema.properties as object as Properties)
        .filter(([, property]) => property[bound] !== undefined)
        .map(([name, property]) => [name, property[bound]]);
      expect(given.length).toBeGreaterThan(0);
      const place = await openPlace();
      const config = Object.fromEntries(given) as Config;
      const tokenEnv = String(config.tokenEnv ?? "CLOUD_TOKEN");
      await startRuntime(place, { config, env: { [tokenEnv]: place.cloud.token } });
    }
  });

  it("LIFE-3: what is wrong is refused, every field by name", async () => {
    const place = await openPlace();
    const { code, message } = await refusal(
      startRuntime(place, {
        config: { endpoint: "api.cloud", sessionLifetimeMs: "1h", size: "huge", tokn: "x" },
      }),
    );
    const text = `${code} ${message}`;
    for (const path of ["/endpoint", "/sessionLifetimeMs", "/size", "/tokn"]) expect(text).toContain(path);
  });
});
