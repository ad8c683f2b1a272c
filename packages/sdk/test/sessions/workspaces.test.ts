import { describe, expect, it } from "vitest";
import { ableHarness } from "./able-backend.js";
import { context } from "./runtime-support.js";

const place = ableHarness();

describe("workspaces", () => {
  const request = {
    agentSessionId: "a-1",
    checkouts: [{ url: "https://x/y.git", ref: "main", path: "y" }],
    cwd: "y",
  };

  it("WORK-1: without them support says so, and the method is not there", async () => {
    const runtime = await place.open(place.backend());
    expect(runtime.provider.prepareWorkspace).toBeUndefined();
    expect(await runtime.provider.getSupport(context())).not.toHaveProperty("supportsPrepareWorkspace");
    await runtime.provider.removeWorkspace?.({ sessionId: "s-none", agentSessionId: "a-none" }, context());
  });

  it("WORK-2, WORK-3: with them they are made in the session's guest, and removed", async () => {
    const asked: unknown[] = [];
    const workspaces = {
      prepare: (handle: string, wanted: unknown) => {
        asked.push(["prepare", handle, wanted]);
        return Promise.resolve({ root: "/w/a-1", cwd: "/w/a-1/y" });
      },
      remove: (handle: string, agentSessionId: string) => {
        asked.push(["remove", handle, agentSessionId]);
        return Promise.resolve();
      },
    };
    const runtime = await place.open(place.backend({ workspaces }));
    expect(await runtime.provider.getSupport(context())).toMatchObject({ supportsPrepareWorkspace: true });
    const { id } = await runtime.start();
    const made = await runtime.provider.prepareWorkspace?.({ sessionId: id, ...request }, context());
    expect(made).toEqual({ root: "/w/a-1", cwd: "/w/a-1/y" });
    await runtime.provider.removeWorkspace?.({ sessionId: id, agentSessionId: "a-1" }, context());
    await runtime.provider.removeWorkspace?.({ sessionId: "s-none", agentSessionId: "a-1" }, context());
    expect(asked).toEqual([
      ["prepare", "guest", request],
      ["remove", "guest", "a-1"],
    ]);
  });

  it("WORK-2: what fails halfway is removed", async () => {
    const removed: string[] = [];
    const workspaces = {
      prepare: (): Promise<never> => Promise.reject(new Error("no such ref")),
      remove: (_: string, agentSessionId: string) => {
        removed.push(agentSessionId);
        return Promise.resolve();
      },
    };
    const runtime = await place.open(place.backend({ workspaces }));
    const { id } = await runtime.start();
    const preparing = runtime.provider.prepareWorkspace?.({ sessionId: id, ...request }, context());
    await expect(preparing).rejects.toThrow("no such ref");
    await expect.poll(() => removed).toEqual(["a-1"]);
  });
});
