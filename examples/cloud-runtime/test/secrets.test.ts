import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { CallKind } from "./fake-cloud/settings.js";
import {
  failureOf,
  filesBelow,
  openPlace,
  pluginRequest,
  refusal,
  startRuntime,
  startSession,
  type Place,
} from "./support.js";

const secrets = {
  token: "planted-relay-token-1",
  proxy: "planted-proxy-password-2",
  docker: "planted-docker-password-3",
};
const dockerConfigJson = JSON.stringify({
  auths: { "docker.io": { auth: Buffer.from(`user:${secrets.docker}`).toString("base64") } },
});
const env = {
  GESTALT_CACHE_SOCKET_TOKEN: secrets.token,
  HTTPS_PROXY: `https://gestalt-egress-proxy:${secrets.proxy}@proxy.example.com:443`,
};

function asText(what: unknown): string {
  return JSON.stringify(what, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** The command lines of all processes but this one. */
function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, "utf8");
      } catch {
        return "";
      }
    });
}

async function onDisk({ directory }: Place): Promise<string[]> {
  const files = filesBelow(directory).filter((file) => file.endsWith(".json"));
  return Promise.all(files.map((file) => readFile(file, "utf8")));
}

it.each<[CallKind | "none", number]>([
  ["none", 0],
  ["create", 400],
  ["create", 503],
  ["run", 400],
  ["run", 503],
  ["connect", 400],
  ["delete", 400],
])(
  "T19, PLUG-2, SESS-3: tokens and passwords are in no error, state, log, file, URL or command line, though %s is refused with %i by a cloud that repeats what it was sent",
  async (on, status) => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    if (on !== "none")
      await place.cloud.fault({
        on,
        action: { do: "answer", status, echo: true },
        times: on === "connect" ? 3 : 1,
      });
    const seen: string[] = [];
    const note = (what: unknown): void => {
      seen.push(asText(what));
    };
    if (on === "create" && status === 400) {
      note(await failureOf(provider, { dockerConfigJson }));
    } else {
      const id = await startSession(provider, { dockerConfigJson });
      const started = provider.runtime.startPlugin(pluginRequest(id, { env, atStart: ["stderr:up"] }));
      if (on === "run" && status === 400) note(await refusal(started).then(({ message }) => message));
      else await started;
      note(await onDisk(place));
      note(commandLines());
      note(await provider.runtime.getSession({ sessionId: id }));
      note((await provider.runtime.listSessions({})).sessions);
      await provider.sessions.stop(id);
    }
    const { calls, sandboxes } = await place.cloud.record();
    note(calls.map(({ url }) => url));
    note(sandboxes);
    // All that the host's log was ever sent.
    note(provider.trace.events);
    await provider.shutdown();
    note(provider.process.stderr + provider.process.stdout);
    for (const text of seen)
      for (const secret of [...Object.values(secrets), place.cloud.token]) expect(text).not.toContain(secret);
  },
);

it("T19, PLUG-2: the check of secrets sees one where there is one", async () => {
  const place = await openPlace();
  const provider = await startRuntime(place);
  const sessionId = await startSession(provider, { metadata: { note: secrets.token } });
  // A record that is being written has its last name a moment later.
  await expect
    .poll(async () => (await onDisk(place).catch(() => [])).join(), { timeout: 5_000 })
    .toContain(secrets.token);
  expect(asText(await provider.runtime.getSession({ sessionId }))).toContain(secrets.token);
});
