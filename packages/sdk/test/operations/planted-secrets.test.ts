import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pino from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createLogForwarder,
  createSessionRuntime,
  createStderrLogger,
  fileSessionStore,
  type Logger,
} from "../../src/index.js";
import { openTelemetryMiddleware } from "../../src/opentelemetry/index.js";
import { startLogHost } from "../logs/log-host.js";
import { startTelemetry } from "../opentelemetry/telemetry.js";
import { provider, serve } from "../services/serve-in-process.js";
import { LeakyBackend, leaks } from "./leaky-backend.js";

const planted = {
  registryPassword: "planted-registry-password",
  otherRegistry: "planted-other-registry",
  relayToken: "planted-relay-token",
  apiKey: "planted-api-key",
  databasePassword: "planted-database-password",
  proxyPassword: "planted proxy/password",
  configToken: "planted-config-token",
  configKey: "planted-config-key",
  configUrl: "planted-config-url",
  metadata: "planted-call-metadata",
  logToken: "planted-log-token",
} as const;

const config = {
  apiToken: planted.configToken,
  credentials: { key: planted.configKey },
  endpoint: `https://user:${planted.configUrl}@cloud.example.com/`,
};
const proxyUrl = `http://gestalt-egress-proxy:${encodeURIComponent(planted.proxyPassword)}@127.0.0.1:9`;
const env = {
  GESTALT_CACHE_SOCKET_TOKEN: planted.relayToken,
  STRIPE_API_KEY: planted.apiKey,
  DATABASE_URL: `postgres://app:${planted.databasePassword}@db.example.com/app`,
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
};
const dockerConfigJson = JSON.stringify({
  auths: {
    "registry.example.com": { username: "robot", password: planted.registryPassword },
    "other.example.com": { auth: Buffer.from(`robot:${planted.otherRegistry}`).toString("base64") },
  },
});

/** What of the planted is in a text, in whichever spelling. */
function findPlanted(text: string): string[] {
  return Object.entries(planted)
    .filter(([, secret]) =>
      [
        secret,
        encodeURIComponent(secret),
        ...["robot", "gestalt-egress-proxy"].map((user) =>
          Buffer.from(`${user}:${secret}`).toString("base64"),
        ),
      ].some((spelling) => text.includes(spelling)),
    )
    .map(([name]) => name);
}

/** The three loggers at their loudest, and all that they have written. */
function loggerOf(kind: "pretty" | "json" | "pino"): { logger: Logger; written: () => string } {
  let text = "";
  const write = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  if (kind === "pino")
    return { logger: pino({ level: "debug", errorKey: "error" }, { write }), written: () => text };
  const spy = vi.spyOn(process.stderr, "write").mockImplementation(write);
  onTestFinished(() => spy.mockRestore());
  return { logger: createStderrLogger({ level: "debug", format: kind }), written: () => text };
}

async function textOfFiles(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (
    await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")))
  ).join("\n");
}

describe("planted secrets", () => {
  it.each([
    ["pretty", "stderr"],
    ["json", "log host"],
    ["pino", "log host"],
  ] as const)(
    "T19, LOGS-5: are nowhere in what leaves, with %s lines and the sessions' logs at the %s",
    async (kind, to) => {
      vi.stubEnv("GESTALT_RUNTIME_LOG_SOCKET_TOKEN", planted.logToken);
      onTestFinished(() => void vi.unstubAllEnvs());
      const folder = await mkdtemp("/tmp/planted-");
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const { logger, written } = loggerOf(kind);
      const host = to === "log host" ? await startLogHost() : undefined;
      onTestFinished(async () => host?.[Symbol.asyncDispose]());
      const fallback: string[] = [];
      const logs = createLogForwarder({
        ...(host && { target: host.target, token: planted.logToken }),
        fallback: (line) => fallback.push(line),
      });
      const telemetry = startTelemetry();
      let backend: LeakyBackend | undefined;
      const store = fileSessionStore(join(folder, "store"));
      const served = await serve(
        createSessionRuntime((given) => (backend = new LeakyBackend(given, store)), {
          logs,
          limits: { startSessionWaitMs: 10_000, retry: { attempts: 3, firstMs: 5, maxMs: 10 } },
        }),
        { logger, configure: false, middleware: [openTelemetryMiddleware(telemetry)] },
      );
      const seen: unknown[] = [];
      const metadata = { "x-gestalt-host-service-relay-token": planted.metadata };
      const caught = (call: Promise<unknown>): Promise<unknown> =>
        call.catch((error: unknown) => {
          const { code, message } = error as { code: string; message: string };
          return { code, message };
        });
      const start = async (pluginName: string): Promise<string> => {
        const image = "registry.example.com/app:1";
        const session = await caught(
          served.runtime.startSession(
            { pluginName, image, imagePullAuth: { dockerConfigJson }, metadata: { provider_name: "p" } },
            { metadata },
          ),
        );
        seen.push(session);
        const { id = "" } = session as { id?: string };
        if (id !== "") host?.register(id);
        return id;
      };
      const startPlugin = async (sessionId: string, pluginName: string): Promise<void> => {
        const relay = { dialTarget: "tls://relay.example.com:443" };
        await served.runtime.bindHostService(
          { sessionId, envVar: "GESTALT_CACHE_SOCKET", relay },
          { metadata },
        );
        const args = ["-c", "env; env >&2; echo $DATABASE_URL; exit 3"];
        const request = { sessionId, pluginName, command: "/bin/sh", args, env, defaultAction: "deny" };
        seen.push(await caught(served.runtime.startPlugin(request, { metadata })));
        seen.push(await caught(served.runtime.getSession({ sessionId }, { metadata })));
      };
      seen.push(
        await caught(
          served.lifecycle.configureProvider({ name: "p", protocolVersion: 3, config }, { metadata }),
        ),
      );
      seen.push(await served.lifecycle.healthCheck({}, { metadata }));

      await start("never");
      const prints = await start("prints");
      await startPlugin(prints, "prints");
      const vanishes = await start("vanishes");
      await startPlugin(vanishes, "vanishes");
      backend?.vanish();
      await expect
        .poll(async () => (await served.runtime.getSession({ sessionId: vanishes })).state)
        .toBe("failed");
      seen.push(await served.runtime.getSession({ sessionId: vanishes }));
      seen.push(await served.runtime.listSessions({}));
      await logs.session(vanishes).flush(2_000);
      const records = [prints, vanishes].map((id) => host?.messages(id) ?? []);
      const files = await textOfFiles(folder);
      for (const sessionId of [prints, vanishes]) await served.runtime.stopSession({ sessionId });
      await served.end();

      const places = {
        answers: JSON.stringify(seen, (_, value: unknown) =>
          typeof value === "bigint" ? String(value) : value,
        ),
        logger: written(),
        sessions: [...fallback, ...records.flat()].join("\n"),
        files,
        telemetry: await telemetry.text(),
      };
      expect(Object.entries(places).map(([place, text]) => [place, findPlanted(text)])).toEqual(
        Object.keys(places).map((place) => [place, []]),
      );
      // The ways out were there: each leak has been told, and so have the plugin's lines.
      const all = Object.values(places).join("\n");
      for (const where of leaks) expect(all).toContain(`leak: ${where}`);
      expect(places.sessions).toContain("STRIPE_API_KEY=[redacted]");
      expect(places.answers).toContain("STRIPE_API_KEY=[redacted]");
      for (const text of Object.values(places)) expect(text.length).toBeGreaterThan(100);
    },
  );

  it("are found where nobody takes them out", async () => {
    const { logger, written } = loggerOf("json");
    const failing = provider({
      startSession: () => {
        throw new Error(`no ${planted.apiKey}`);
      },
    });
    const { runtime } = await serve(failing, { logger });
    const error = await runtime.startSession({ pluginName: "p" }).catch((thrown: unknown) => String(thrown));
    expect(findPlanted(error as string)).toEqual(["apiKey"]);
    expect(findPlanted(written())).toEqual(["apiKey"]);
  });

  it("of a level-1 provider are taken out by its own redact", async () => {
    const { logger, written } = loggerOf("pretty");
    const failing = provider({
      redact: (text) => text.replaceAll(planted.apiKey, "[redacted]"),
      healthCheck: () => ({ ready: false, message: `no ${planted.apiKey}` }),
      startSession: (_, context) => {
        context.logger.warn({ tried: [{ with: planted.apiKey }] }, "said by the author");
        throw new Error(`no ${planted.apiKey}`);
      },
    });
    const { runtime, lifecycle } = await serve(failing, { logger });
    const error = await runtime.startSession({ pluginName: "p" }).catch((thrown: unknown) => String(thrown));
    expect(error).toContain("StartSession: no [redacted]");
    expect(await lifecycle.healthCheck({})).toMatchObject({ message: "no [redacted]" });
    expect(written()).toContain("said by the author");
    expect(findPlanted(written())).toEqual([]);
  });
});
