import { describe, expect, it } from "vitest";
import type { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import type { GuestRequest, PluginRequest } from "../../src/sessions/index.js";
import { ableHarness } from "./able-backend.js";
import { context } from "./runtime-support.js";

const place = ableHarness();

describe("what the runtime gives a backend", () => {
  it("SESS-1, SESS-2: a name that is a DNS label, labels that hold the metadata, and the end of its life", async () => {
    const requests: GuestRequest[] = [];
    const able = place.backend({
      create: (request) => {
        requests.push(request);
        return Promise.resolve({ handle: "guest" });
      },
    });
    const runtime = await place.open(able, { limits: { lifetimeMs: 60_000, startSessionWaitMs: 2_000 } });
    const session = await runtime.start({ provider_name: "example", team: "blue" });
    await runtime.start();
    const [first, second] = requests;
    expect(first?.name).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
    expect(first?.name).not.toBe(second?.name);
    expect(first?.labels).toMatchObject({ "gestalt-session": session.id, "gestalt-provider": "test" });
    expect(first?.labels["gestalt-metadata-0"]).toBe('{"provider_name":"example","team":"blue"}');
    expect(first?.expiresAt).toEqual(session.lifecycle?.expiresAt);
  });

  it("SESS-3, T25: an image as Docker reads it, with the credentials chosen for it", async () => {
    const requests: GuestRequest[] = [];
    const able = place.backend({
      create: (request) => {
        requests.push(request);
        return Promise.resolve({ handle: "guest" });
      },
    });
    const runtime = await place.open(able);
    const auths = {
      "ghcr.io": { username: "any", password: "wide" },
      "ghcr.io/acme": { username: "acme", password: "narrow" },
    };
    const dockerConfigJson = JSON.stringify({ auths });
    const request = { pluginName: "p", metadata: {}, image: "ghcr.io/acme/tool", dockerConfigJson };
    await runtime.provider.startSession(request, context());
    expect(requests[0]?.image?.toString()).toBe("ghcr.io/acme/tool:latest");
    expect(requests[0]?.pullCredentials).toMatchObject({ username: "acme", password: "narrow" });
  });

  it("SESS-3: an image that can't be read is INVALID_ARGUMENT, with the field", async () => {
    const runtime = await place.open(place.backend());
    const request = { pluginName: "p", metadata: {}, image: "Not An Image" };
    await expect(runtime.provider.startSession(request, context())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("plugins.p.execution.runtime.image") as string,
    });
  });

  it("T27, SESS-2: its notes are seen beside the operator's entries, and replace none", async () => {
    const create = (): Promise<{ handle: string; notes: Record<string, string> }> =>
      Promise.resolve({ handle: "guest", notes: { region: "eu", zone: "1" } });
    const runtime = await place.open(place.backend({ create }));
    const { id } = await runtime.start({ "able.region": "mine", provider_name: "example" });
    expect(runtime.get(id)?.metadata).toEqual({
      "able.region": "mine",
      "able.zone": "1",
      provider_name: "example",
    });
  });

  it("SESS-9: an end that the backend sets itself counts when it is earlier", async () => {
    const expiresAt = new Date(Date.now() + 100_000);
    const runtime = await place.open(
      place.backend({ create: () => Promise.resolve({ handle: "guest", expiresAt }) }),
      {
        limits: { lifetimeMs: 600_000, startSessionWaitMs: 2_000 },
      },
    );
    const { lifecycle } = await runtime.start();
    expect(lifecycle?.expiresAt).toEqual(expiresAt);
  });

  it("SESS-4: what it says while the guest is made stands in the session's state, then in its log", async () => {
    let finish: () => void = () => undefined;
    const able = place.backend({
      create: async (_, call) => {
        call.progress("pulling the image");
        await new Promise<void>((resolve) => (finish = resolve));
        return { handle: "guest" };
      },
    });
    const runtime = await place.open(able, { limits: { startSessionWaitMs: 0 } });
    const { id } = await runtime.start();
    await expect
      .poll(() => runtime.get(id))
      .toMatchObject({ state: "pending", stateMessage: "pulling the image" });
    finish();
    await expect.poll(() => runtime.get(id)?.state).toBe("ready");
    expect(runtime.get(id)).not.toHaveProperty("stateMessage");
    expect(runtime.lines.join("\n")).toContain("pulling the image");
  });

  it("T19: a secret in its error leaves neither in the answer, nor in the state, nor in the log", async () => {
    const launch = (_: string, { env }: PluginRequest): Promise<never> =>
      Promise.reject(new Error(`exec of https://x?token=${env.GESTALT_CACHE_SOCKET_TOKEN} failed`));
    const runtime = await place.open(place.backend({ launch }));
    const { id } = await runtime.start();
    const env = { GESTALT_CACHE_SOCKET_TOKEN: "planted-secret" };
    const error = await runtime
      .plugin(id, { env })
      .catch((thrown: unknown) => thrown as RuntimeProviderError);
    expect(error).toMatchObject({ message: "StartPlugin: exec of https://x?token=[redacted] failed" });
    const all = JSON.stringify([runtime.get(id), runtime.lines, runtime.said]);
    expect(all).toContain("[redacted]");
    expect(all).not.toContain("planted-secret");
  });
});
