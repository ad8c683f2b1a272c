import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { ProviderProcess } from "../../src/host/index.js";
import { processesWith } from "../host/fixtures.js";
import { Probe } from "./probe.js";

for (const enforcement of ["landlock", "bubblewrap"] as const)
  describe(`a process in the host's sandbox (${enforcement})`, () => {
    it("PROC-10: gets no new privileges", async () => {
      await using probe = await Probe.open({ enforcement });
      expect(await probe.try({ try: "status", field: "NoNewPrivs" })).toEqual(["1"]);
    });

    it("PROC-4: gets its arguments and its environment as they are, and nothing of the launcher's", async () => {
      await using probe = await Probe.open({ enforcement });
      const args = [
        "-e",
        "console.log(JSON.stringify([process.argv.slice(1), process.env]))",
        "--",
        "a b",
        "",
        "ü\n'\"$HOME",
      ];
      const environment = { LANG: "none such", PERL5OPT: "-Mnothing", SECRET: "a\nb=c", EMPTY: "" };
      const provider = await probe.spawn(args, { environment });
      await provider.exited;
      expect(provider.stderr).toBe("");
      const [argv, env] = JSON.parse(provider.stdout) as [string[], Record<string, string>];
      expect(argv).toEqual(["a b", "", "ü\n'\"$HOME"]);
      // Bubblewrap sets these two by itself.
      delete env.PWD;
      delete env.GESTALT_PLUGIN_PARENT_PID;
      expect(env).toEqual({ ...environment, ...probe.sandbox.environment });
    });

    it("PROC-10: has no secret of its environment in a command line", async () => {
      await using probe = await Probe.open({ enforcement });
      const provider = await probe.spawn(["-e", "console.log('up'); setTimeout(() => {}, 60000)"], {
        environment: { SECRET: "planted-in-the-environment" },
      });
      await vi.waitFor(() => expect(provider.stdout).toContain("up"));
      const lines = await Promise.all(
        (await processesWith(probe.directory.path)).map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8")),
      );
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => line.includes("planted"))).toEqual([]);
      await provider.kill();
    });

    it("PROC-10: is in a process group of its own, which signals go to", async () => {
      await using probe = await Probe.open({ enforcement });
      const program = join(probe.packageFolder, "program");
      const script = `
        const child = require("node:child_process").spawn(${JSON.stringify(program)}, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "inherit" });
        const stat = require("node:fs").readFileSync("/proc/self/stat", "utf8");
        process.on("SIGTERM", () => child.on("exit", (code, signal) => { console.log("child " + signal); process.exit(7); }));
        child.on("spawn", () => console.log(process.pid === Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2])));
        setTimeout(() => {}, 60000);
      `;
      const provider = await probe.spawn(["-e", script]);
      await vi.waitFor(() => expect(provider.stdout).toBe("true\n"));
      provider.signal("SIGTERM");
      expect(await provider.exited).toEqual({ code: 7, signal: null });
      expect(provider.stdout).toBe("true\nchild SIGTERM\n");
    });

    it("PROC-7: has the one that is named to it as its parent", async () => {
      await using probe = await Probe.open({ enforcement });
      const provider = await probe.spawn(
        ["-e", "console.log(process.ppid === Number(process.env.GESTALT_PLUGIN_PARENT_PID))"],
        { environment: { GESTALT_PLUGIN_PARENT_PID: String(process.pid) } },
      );
      await provider.exited;
      expect(provider.stdout).toBe("true\n");
    });

    it("PROC-6: its end by a signal is told as such, that by itself too", async () => {
      await using probe = await Probe.open({ enforcement });
      const provider = await probe.spawn(["-e", "console.log('up'); setTimeout(() => {}, 60000)"]);
      await vi.waitFor(() => expect(provider.stdout).toContain("up"));
      expect(await provider.kill()).toEqual({ code: null, signal: "SIGKILL" });
      const aborted = await probe.spawn(["-e", "process.kill(process.pid, 'SIGUSR2')"]);
      expect(await aborted.exited).toEqual({ code: null, signal: "SIGUSR2" });
      const ended = await probe.spawn(["-e", "process.exit(3)"]);
      expect(await ended.exited).toEqual({ code: 3, signal: null });
    });

    it("PROC-6, PROC-9: that is told to end at any moment of its start ends, and nothing stays", async () => {
      await using probe = await Probe.open({ enforcement });
      for (let moment = 0; moment < 10; moment += 1) {
        const provider = await probe.spawn(["-e", "setTimeout(() => {}, 60000)"]);
        await delay(moment * 4);
        const { killed } = await provider.terminate(5_000);
        expect(killed).toBe(false);
      }
      await vi.waitFor(async () => expect(await processesWith(probe.directory.path)).toEqual([]));
    });

    it("PROC-10: that is a script of the machine's does not start, and says what to do", async () => {
      await using probe = await Probe.open({ enforcement });
      await writeFile(probe.program.replace(/program$/, "script"), "#!/usr/bin/env node\n", { mode: 0o755 });
      const command = join(probe.packageFolder, "script");
      const provider = await ProviderProcess.spawn({
        command,
        args: [],
        environment: {},
        cwd: "/",
        maxOutputBytes: 4_096,
        launch: probe.sandbox.launch,
      });
      expect(await provider.exited).toEqual({ code: 1, signal: null });
      expect(provider.stderr).toBe(
        `host sandbox: ${command} can't be executed: permission denied; it is a script for /usr/bin/env, which the ` +
          "host's sandbox keeps out of reach (PROC-10). Package the provider as an executable: " +
          "gestalt-runtime package --artifact executable\n",
      );
    });

    it("PROC-10: its private TMPDIR and its proxy are gone once the sandbox is closed", async () => {
      const probe = await Probe.open({ enforcement });
      expect(existsSync(probe.tmp)).toBe(true);
      const { connectTcpPort } = probe.sandbox.rules;
      await probe.sandbox.close();
      expect(existsSync(probe.tmp)).toBe(false);
      await expect(fetch(`http://127.0.0.1:${connectTcpPort}`)).rejects.toThrow();
      await probe[Symbol.asyncDispose]();
    });
  });
