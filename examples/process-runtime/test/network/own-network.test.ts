import { execFileSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeOwnNetwork, isolated } from "../isolation/support.js";
import { copyProgramsForAll } from "../programs-for-all.js";
import { stillRuns, type SeenProcess } from "../processes.js";
import {
  dial,
  hostLog,
  leftovers,
  processesOf,
  program,
  refusal,
  startRuntime,
  startSession,
  testDirectory,
  type Plugin,
} from "../support.js";
import { addresses, hasWayOut, onOwnMachine, startServers } from "./own-machine.js";
import { start } from "./start.js";

const nobody = 65_534;
const ownNetwork = { ...isolated, network: "private" } as const;
const hostNetwork = { ...isolated, network: "host" } as const;
const pastInterface = fileURLToPath(new URL("past-interface.sh", import.meta.url));
/** A host that is not there is given up by the machine's own kernel after some seconds. */
const patient = { timeout: 60_000 };

/** What a plugin reaches over HTTP. */
async function reached({ execute }: Plugin, hosts: readonly string[], port: number): Promise<unknown[]> {
  const answers = hosts.map((host) => execute("fetch", { url: `http://${host}:${port}/` }));
  return (await Promise.all(answers)).map(({ ok }) => ok);
}

const all = [addresses.outside, "127.0.0.1", "[::1]", addresses.first, addresses.gateway];

describeOwnNetwork("a plugin without an egress policy", () => {
  describe.runIf(process.getuid?.() === 0)("on a machine of a test's own, which root makes", () => {
    it(
      "EGR-1, EGR-5: reaches the outside, the machine's own address and its resolver, and nothing on its loopback interface",
      patient,
      async () => {
        const provider = await startRuntime(await testDirectory(), ownNetwork, onOwnMachine());
        const { port, contacts } = await startServers(provider);
        const plugin = await start(provider);
        expect(await reached(plugin, all, port)).toEqual([true, false, false, true, false]);
        expect(await reached(plugin, ["any.example"], port)).toEqual([true]);
        expect(new Set(contacts)).toEqual(new Set([`tcp ${addresses.outside}`, `tcp ${addresses.first}`]));
        const { sessionId } = plugin;
        await provider.runtime.stopSession({ sessionId });
      },
    );

    it("EGR-5: has all of that with the network that is configured as host", async () => {
      const provider = await startRuntime(await testDirectory(), hostNetwork, onOwnMachine());
      const { port } = await startServers(provider);
      expect(await reached(await start(provider), all.slice(0, 4), port)).toEqual([true, true, true, true]);
    });

    it(
      "EGR-5: sends nothing to the machine's loopback past its own, by binding sockets to its interface",
      patient,
      async () => {
        const provider = await startRuntime(await testDirectory(), ownNetwork, onOwnMachine());
        const { port, contacts } = await startServers(provider);
        const sessionId = await startSession(provider);
        const request = { sessionId, pluginName: "example", command: pastInterface, args: [String(port)] };
        await refusal(provider.runtime.startPlugin(request));
        const sent = hostLog(provider, sessionId).filter((line) => line.startsWith("stdout sent "));
        expect(sent).toEqual(["stdout sent way-out", "stdout sent over"]);
        // What was sent last has arrived: so has all before it that was to.
        await expect.poll(() => contacts).toContain("udp4 over");
        expect(contacts).toEqual(["udp4 way-out", "udp4 over"]);
      },
    );

    it("EGR-4: reaches relays at the machine's own addresses, and nothing beside them on its loopback interface", async () => {
      const provider = await startRuntime(await testDirectory(), ownNetwork, onOwnMachine());
      const { port, otherPort } = await startServers(provider);
      const hosts = ["localhost", "127.0.0.1", addresses.first];
      const plugin = await start(provider, { relays: hosts.map((host) => `tcp://${host}:${port}`) });
      expect(await reached(plugin, hosts, port)).toEqual([true, true, true]);
      expect(await reached(plugin, hosts, otherPort)).toEqual([false, false, true]);
      expect(await reached(plugin, [addresses.outside], otherPort)).toEqual([true]);
    });

    it(
      "EGR-5, PROC-8: reaches no more with a provider whose user has no rights, and leaves nothing",
      patient,
      async () => {
        const programs = await copyProgramsForAll(nobody);
        onTestFinished(() => programs.remove());
        const directory = await testDirectory();
        await chmod(directory, 0o777);
        const provider = await startRuntime(directory, ownNetwork, {
          ...onOwnMachine(programs.runtime, nobody),
          operatorEnv: { PATH: programs.path, TMPDIR: directory },
        });
        const { port } = await startServers(provider);
        const sessionId = await startSession(provider);
        const request = { sessionId, pluginName: "example", command: programs.plugin };
        const plugin = dial(sessionId, (await provider.runtime.startPlugin(request)).dialTarget);
        expect(await reached(plugin, all, port)).toEqual([true, false, false, true, false]);
        await provider.runtime.stopSession({ sessionId });
      },
    );

    it("PROC-8, REC-2: its network goes with a provider that is killed, and the next one removes the rest", async () => {
      const directory = await testDirectory();
      const provider = await startRuntime(directory, ownNetwork, onOwnMachine());
      await start(provider);
      await startSession(provider);
      const processes = processesOf(provider);
      expect(
        processes.filter(({ name }) => name.startsWith("pasta") || name.startsWith("passt")),
      ).toHaveLength(2);
      await provider.kill();
      await expect.poll(() => processes.filter(stillRuns), { timeout: 10_000 }).toEqual([]);
      await start(await startRuntime(directory, ownNetwork, onOwnMachine()));
    });

    it("SESS-10, PROC-8: when a process of its network is killed the plugin is ended and the log says why; nothing is left, and the next session starts", async () => {
      const directory = await testDirectory();
      const provider = await startRuntime(directory, ownNetwork, onOwnMachine());
      await provider.runtime.stopSession({ sessionId: (await start(provider)).sessionId });
      const before = leftovers(directory);
      const helpers = (): SeenProcess[] => {
        const all = processesOf(provider);
        const pastas = all.filter(({ name }) => /^pas(st|ta)/.test(name));
        const around = all.filter(({ pid }) => pastas.some(({ parent }) => parent === pid));
        const inside = all.filter(({ parent }) => pastas.some(({ pid }) => parent === pid));
        return [...around, ...pastas, ...inside];
      };
      for (const victim of [0, 1, 2]) {
        const { sessionId } = await start(provider);
        expect(helpers()).toHaveLength(3);
        for (const { pid } of helpers().slice(victim, victim + 1)) process.kill(pid, "SIGKILL");
        await expect
          .poll(() => provider.runtime.getSession({ sessionId }), { timeout: 10_000 })
          .toMatchObject({ state: "failed", stateMessage: "the plugin was ended by the signal SIGKILL" });
        await expect
          .poll(() => hostLog(provider, sessionId).join("\n"))
          .toContain("the network helper (pasta) of this session has ended");
        await provider.runtime.stopSession({ sessionId });
        await expect.poll(() => leftovers(directory)).toEqual(before);
      }
      await start(provider);
    });

    it("EGR-5, PLUG-6: is refused while its network can't be made, and never given the machine's", async () => {
      const provider = await startRuntime(await testDirectory(), ownNetwork, onOwnMachine());
      const ip = (...args: string[]): void =>
        void execFileSync("nsenter", [`--net=/proc/${provider.process.pid}/ns/net`, "ip", ...args]);
      ip("link", "set", "up0", "down");
      const { code, message } = await refusal(start(provider));
      expect(code).toBe("FAILED_PRECONDITION");
      expect(message).toContain("could not be started: pasta could not set a network up: ");
      ip("link", "set", "up0", "up");
      ip("route", "add", "default", "via", addresses.gateway);
      await start(provider);
    });
  });

  describe.runIf(hasWayOut())("on the machine of the host", () => {
    it.each(["unix", "tcp"] as const)(
      "PLUG-5, DIAL-1, BIND-2: is dialled through a %s listener, and uses the host's cache",
      async (type) => {
        const directory = await testDirectory();
        await using gestaltd = await startGestaltd({
          tmpDir: directory,
          operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
          runtimeProviders: {
            process: { command: program, config: { ...ownNetwork, listener: { type } } },
          },
          plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
        });
        const { body } = await gestaltd.execute("example", "cache", { key: "k", value: "v" });
        expect(JSON.parse(body)).toMatchObject({ found: true, value: "v" });
        expect(await gestaltd.stop()).toMatchObject({ process: { code: 0, killed: false } });
      },
    );
  });
});
