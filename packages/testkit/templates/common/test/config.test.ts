import { describe, expect, it } from "vitest";
import { Host } from "./host.js";

describe("the operator's configuration", () => {
  it("decides where plugins work", async () => {
    await using host = await Host.start({ workingDirectory: "/usr" });
    expect(await host.call("identity")).toMatchObject({ cwd: "/usr" });
  });

  it("is refused with every mistake at once", async () => {
    await expect(Host.start({ workingDirectory: "here", stopGraceMs: -1 })).rejects.toThrow(
      /workingDirectory[^]*stopGraceMs/,
    );
  });
});
