import { describe, expect, it } from "vitest";
import {
  dial,
  openPlace,
  pluginRequest,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
} from "./support.js";

describe("what a plugin is given", () => {
  it("T21, BIND-1, BIND-3: any name of a host service is taken, and the plugin finds its relay under it", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    const names = [
      "GESTALT_INDEXEDDB_SOCKET",
      "GESTALT_WORKFLOW_MANAGER_SOCKET",
      "GESTALT_AGENT_MANAGER_SOCKET",
      "GESTALT_CACHE_SOCKET_A_B",
      "GESTALT_NOT_YET_KNOWN_SOCKET",
      "lower_case",
      "WITH.DOT-AND-DASH",
    ];
    const relay = { dialTarget: "tls://relay.example.com:443" };
    for (const envVar of names) await provider.runtime.bindHostService({ sessionId, envVar, relay });
    const { dialTarget } = await provider.runtime.startPlugin(
      pluginRequest(sessionId, { env: { lower_case: "overridden by the binding" } }),
    );
    const { env } = await dial(sessionId, dialTarget).execute("env");
    expect(env).toMatchObject(Object.fromEntries(names.map((name) => [name, relay.dialTarget])));
  });

  it("T22, BIND-5: relays that are none are refused, naming the field", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    for (const [dialTarget, text] of [
      ["bogus nonsense", 'relay.dial_target "bogus nonsense"'],
      ["https://relay.example.com:443", 'has the scheme "https"'],
      ["tls://relay.example.com", "relay.dial_target"],
      ["tls://relay.example.com:443/path", "relay.dial_target"],
      ["", "relay.dial_target"],
    ] as const) {
      const { code, message } = await refusal(
        provider.runtime.bindHostService({ sessionId, envVar: "A", relay: { dialTarget } }),
      );
      expect({ dialTarget, code, message }).toEqual({
        dialTarget,
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(text) as string,
      });
    }
  });

  // Go listens with net.Listen("unix", value), Rust with UnixListener::bind(value), Python and Node.js with
  // "unix:" + value: a bare absolute path that is free, short, and in a folder that is there works for all four.
  it("T23, PLUG-3, DIAL-2: the plugin's socket is a bare path that every SDK can listen on, and it knows its name", async () => {
    const place = await openPlace();
    const { execute } = await startPlugin(await startRuntime(place));
    const { env, repeated } = await execute("env");
    const { GESTALT_PLUGIN_SOCKET: path = "", ...rest } = env as Record<string, string>;
    expect(path).toMatch(/^\/[^:?#]+$/);
    expect(path.startsWith(place.cloud.directory)).toBe(true);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107);
    expect(rest).toMatchObject({ GESTALT_PLUGIN_NAME: "example" });
    // Its parent is not the provider: official SDKs would end the plugin at once.
    expect(rest).not.toHaveProperty("GESTALT_PLUGIN_PARENT_PID");
    expect(repeated).toEqual([]);
  });

  it("T23, PLUG-3: each plugin has a path of its own", async () => {
    const provider = await startRuntime(await openPlace());
    const paths = new Set<unknown>();
    for (let i = 0; i < 2; i += 1) {
      const { env } = await (await startPlugin(provider)).execute("env");
      paths.add((env as Record<string, string>).GESTALT_PLUGIN_SOCKET);
    }
    expect(paths.size).toBe(2);
  });

  it("T27, SESS-2: what the backend notes about a session never takes the place of the operator's entries", async () => {
    const provider = await startRuntime(await openPlace());
    const metadata = { "cloud.region": "mine", "cloud.sandbox": "", region: "also mine" };
    const sessionId = await startSession(provider, { metadata });
    const given = { ...metadata, provider_kind: "plugin", provider_name: "example" };
    expect((await provider.runtime.getSession({ sessionId })).metadata).toEqual(given);
    const { sessions } = await provider.runtime.listSessions({});
    expect(sessions.map((session) => session.metadata)).toEqual([given]);
    const other = await startSession(provider);
    expect((await provider.runtime.getSession({ sessionId: other })).metadata).toMatchObject({
      "cloud.region": "test-1",
      "cloud.sandbox": expect.stringMatching(/./) as string,
    });
  });

  it("PLUG-2, LIFE-3: nothing of the provider's environment reaches the plugin, the cloud's token least of all", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place, {
      env: { CLOUD_TOKEN: place.cloud.token, PLANTED: "in the provider's entry" },
      operatorEnv: { PATH: process.env.PATH, TMPDIR: place.directory, HOME: "/root" },
    });
    const { env } = await (await startPlugin(provider, { env: { MINE: "1" } })).execute("env");
    const names = Object.keys(env as object).sort();
    expect(names).toEqual(
      ["GESTALT_PLUGIN_NAME", "GESTALT_PLUGIN_SOCKET", "HOME", "MINE", "PATH", "TMPDIR"].sort(),
    );
  });
});
