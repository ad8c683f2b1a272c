import { openHostService, type PluginRuntimeProvider } from "@gestalt-runtime/sdk";
import { PluginRuntimeLogHost, PluginRuntimeLogStream } from "@gestalt-runtime/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixturePlugin } from "../../src/index.js";
import {
  startGestaltd,
  startProvider,
  type FakeGestaltd,
  type GestaltdOptions,
  type HostVersion,
} from "../../src/host/index.js";
import { workspaceFault } from "../../src/host/workspace-calls.js";
import { certificateFile, tls } from "../relay/support.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

type Request = Record<string, never> & { readonly env?: Record<string, string> };

describe("later hosts", () => {
  let directory: TestDirectory;
  beforeEach(async () => {
    directory = await TestDirectory.make();
  });
  afterEach(async () => {
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const options = (more: Partial<GestaltdOptions>): GestaltdOptions => ({
    runtimeProviders: { r: { command: fixture("relaying-runtime"), config: {} } },
    plugins: { p: { ...fixturePlugin(), cache: ["main"] } },
    publicListener: { tls },
    tmpDir: directory.path,
    operatorEnv: { ...process.env, TMPDIR: directory.path, SSL_CERT_FILE: certificateFile },
    ...more,
  });
  const requestOf = (gestaltd: FakeGestaltd, method: string): Request =>
    gestaltd.trace.calls.find((call) => call.method.endsWith(`/${method}`))?.request as Request;

  it.each<[HostVersion, boolean]>([
    ["documented", false],
    ["2026-04-30", true],
  ])("SESS-3: %s sends image_pull_auth: %s", async (hostVersion, sent) => {
    const runtime = { image: "a/b:1", imagePullAuth: { dockerConfigJson: "{}" } };
    const plugins = { p: { ...fixturePlugin(), runtime } };
    await using gestaltd = await startGestaltd(options({ hostVersion, plugins }));
    // This runtime takes no images; what was asked is what counts.
    expect("imagePullAuth" in requestOf(gestaltd, "StartSession")).toBe(sent);
  });

  it.each<[HostVersion, string, number | undefined]>([
    ["documented", "INTERNAL", undefined],
    ["2026-04-30", "NOT_FOUND", 1],
  ])("LOGS-2, LOGS-6: %s answers %s for an unknown session", async (hostVersion, code, kept) => {
    await using provider = await startProvider({
      command: fixture("pooled-sessions"),
      tmpDir: directory.path,
      operatorEnv: { ...process.env, TMPDIR: directory.path },
      hostVersion,
    });
    const service = openHostService("LOG", { env: { LOG: provider.logHost?.path } });
    const client = service.client(PluginRuntimeLogHost);
    const append = (sessionId: string) =>
      client.appendLogs({ sessionId, logs: [{ stream: PluginRuntimeLogStream.STDOUT, message: "a line" }] });
    await expect(append("nobody's")).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/runtime session not found$/) as string,
    });
    const { id } = await provider.sessions.start({ pluginName: "p" });
    await append(id);
    await provider.sessions.stop(id);
    expect(provider.logs.read(provider.name, id, 0, 10)?.length).toBe(kept);
    service.close();
  });

  it.each(["pem", "file"] as const)(
    "HOST: from 2026-05-01 nothing is bound: all is in the environment, the certificate as %s",
    async (announceCa) => {
      await using gestaltd = await startGestaltd(
        options({ hostVersion: "2026-05-01", publicListener: { tls, announceCa } }),
      );
      expect(requestOf(gestaltd, "BindHostService")).toBeUndefined();
      const { env = {} } = requestOf(gestaltd, "StartPlugin");
      const target = gestaltd.publicListener?.dialTarget ?? "";
      for (const name of [
        "GESTALT_INDEXEDDB_SOCKET",
        "GESTALT_CACHE_SOCKET_MAIN",
        "GESTALT_CACHE_SOCKET",
        "GESTALT_WORKFLOW_MANAGER_SOCKET",
        "GESTALT_AGENT_MANAGER_SOCKET",
        "GESTALT_RUNTIME_LOG_SOCKET",
      ]) {
        expect([name, env[name]]).toEqual([name, target]);
        expect(env[`${name}_TOKEN`]).toMatch(/^eyJ/);
      }
      const { sessionId } = gestaltd.plugin("p");
      expect(env.GESTALT_RUNTIME_SESSION_ID).toBe(sessionId);
      // The plugin's own view: its cache works, and so does the log host with what it was given.
      const { status, body } = await gestaltd.execute("p", "cache", { key: "k", value: "v" });
      expect([status, JSON.parse(body)]).toEqual([200, { found: true, value: "v" }]);
      const service = openHostService("GESTALT_RUNTIME_LOG_SOCKET", { env });
      await service
        .client(PluginRuntimeLogHost)
        .appendLogs({ sessionId, logs: [{ message: "from the plugin" }] });
      service.close();
      expect(gestaltd.admin.logs("r", sessionId)?.map(({ message }) => message)).toContain("from the plugin");
      expect(
        env[announceCa === "pem" ? "GESTALT_HOST_SERVICE_TLS_CA_PEM" : "GESTALT_HOST_SERVICE_TLS_CA_FILE"],
      ).toBeDefined();
    },
  );

  it("SUP-3: from 2026-05-01 DIRECT counts no more, and a loopback or a relay base URL will do", async () => {
    const direct = { r: { command: fixture("pooled-sessions") } };
    const plugins = { p: { command: "/opt/plugin" } };
    const outcome = async (more: Partial<GestaltdOptions>): Promise<string> => {
      await using gestaltd = await startGestaltd({
        runtimeProviders: direct,
        plugins,
        tmpDir: directory.path,
        operatorEnv: { ...process.env, TMPDIR: directory.path },
        hostVersion: "2026-05-01",
        ...more,
      });
      const { profile } = (await gestaltd.admin.providers())[0] ?? {};
      return profile?.effective.hostServiceAccess ?? "";
    };
    expect(await outcome({})).toBe("none");
    expect(await outcome({ publicListener: {} })).toBe("relay");
    const encryptionKey = "key";
    expect(await outcome({ baseUrl: "http://gestalt.example.test", encryptionKey })).toBe("none");
    expect(await outcome({ baseUrl: "http://127.0.0.1:8080", encryptionKey })).toBe("relay");
    const relayBaseUrl = "http://relay.example.test:81";
    expect(await outcome({ baseUrl: "http://gestalt.example.test", relayBaseUrl, encryptionKey })).toBe(
      "relay",
    );
    expect(await outcome({ hostVersion: "documented" })).toBe("direct");
  });

  it("a version that is not known is refused by name", async () => {
    await expect(startGestaltd(options({ hostVersion: "2027" as never }))).rejects.toThrow(
      'hostVersion "2027" is not known; give one of documented, 2026-04-30, 2026-05-01, 2026-05-05',
    );
  });
});

describe("workspaces of hosts from 2026-05-05", () => {
  /** What was asked, in order, of a provider that answers as it is told. */
  const asked: string[] = [];
  const provider = (prepared?: { root: string; cwd: string } | Error): PluginRuntimeProvider => ({
    getSupport: () => ({ canHostPlugins: true, supportsPrepareWorkspace: prepared !== undefined }),
    startSession: ({ metadata }) => ({ id: "s", state: "ready", metadata }),
    getSession: (id) => ({ id, state: "running" }),
    stopSession: () => undefined,
    startPlugin: () => ({ id: "p", dialTarget: "unix:///run/p.sock" }),
    ...(prepared !== undefined && {
      prepareWorkspace: () => {
        asked.push("prepare");
        if (prepared instanceof Error) throw prepared;
        return prepared;
      },
    }),
    removeWorkspace: () => void asked.push("remove"),
  });
  const request = { sessionId: "s", agentSessionId: "a", workspace: { checkouts: [], cwd: "src" } };

  it.each([
    ["supported", { root: "/w", cwd: "/w/src" }, ["prepare", "work in /w/src", "remove"]],
    ["not supported", undefined, ["work in none", "remove"]],
  ])(
    "WORK-1, WORK-3: %s: the work is done, and RemoveWorkspace comes all the same",
    async (_name, prepared, order) => {
      asked.length = 0;
      await using host = await startProvider({ provider: provider(prepared), hostVersion: "2026-05-05" });
      await host.handshake();
      const result = await host.sessions.withWorkspace(request, (workspace) => {
        asked.push(`work in ${workspace?.cwd ?? "none"}`);
        return Promise.resolve("done");
      });
      expect([result, asked]).toEqual(["done", order]);
      const prepare = host.trace.calls.find(({ method }) => method.endsWith("/PrepareWorkspace"));
      expect(prepare?.deadlineMs).toBe(prepared === undefined ? undefined : 600_000);
    },
  );

  it("WORK-3: RemoveWorkspace comes after a failed PrepareWorkspace and after failed work", async () => {
    asked.length = 0;
    await using failing = await startProvider({ provider: provider(new Error("no room")) });
    await failing.handshake();
    await expect(failing.sessions.withWorkspace(request, () => Promise.resolve())).rejects.toMatchObject({
      failure: "prepare-workspace",
    });
    await using working = await startProvider({ provider: provider({ root: "/w", cwd: "/w" }) });
    await working.handshake();
    const work = (): Promise<never> => Promise.reject(new Error("the work failed"));
    await expect(working.sessions.withWorkspace(request, work)).rejects.toThrow("the work failed");
    expect(asked).toEqual(["prepare", "remove", "prepare", "remove"]);
  });
});

it.each([
  ["", "/w", 'root "" is not absolute'],
  ["w", "/w", 'root "w" is not absolute'],
  ["/w", "src", 'cwd "src" is not absolute'],
  ["/w", "/w/../x", 'cwd "/w/../x" is not inside root "/w"'],
  ["/w", "/wide", 'cwd "/wide" is not inside root "/w"'],
  ["/w", "/w", undefined],
  ["/w", "/w/a/..b", undefined],
])("WORK-2: root %j with cwd %j", (root, cwd, fault) => {
  if (fault === undefined) expect(workspaceFault(root, cwd)).toBeUndefined();
  else expect(workspaceFault(root, cwd)).toContain(fault);
});
