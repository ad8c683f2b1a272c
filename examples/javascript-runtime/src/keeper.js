// The first process of a PID namespace, and the parent of one plugin in it. When it ends, the kernel ends all that is
// left in the namespace: when it is told to, when the plugin has ended, and when its provider dies (PROC-8).
//
// Descriptor 3 is a socket to the provider. From it come lines of JSON: first what to start, then {graceMs} to stop it.
// Back go {started: true} or {failure}, and {code} or {signal} when the plugin has ended.
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { Socket } from "node:net";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const provider = new Socket({ fd: 3, readable: true, writable: true });
provider.on("error", () => process.exit(0));
const orders = createInterface({ input: provider });
orders.on("close", () => process.exit(0));
// The first process of a namespace ignores every signal that it does not handle; a plugin can't end it either.
let plugin;

orders.on("line", (line) => {
  const order = JSON.parse(line);
  if (plugin === undefined) launch(order);
  else stop(order.graceMs);
});

/** Runs the command exactly as given: no shell, no look-up in PATH (PLUG-1). */
function launch({ command, args, env }) {
  const path = resolve(command);
  plugin = spawn(path, args, { argv0: command, env, stdio: ["ignore", 1, 2], detached: true });
  plugin.on("spawn", () => tell({ started: true }));
  plugin.on("error", (error) => {
    if (plugin.pid === undefined) end({ failure: explain(path, error) });
  });
  plugin.on("exit", (code, signal) => end(signal === null ? { code } : { signal }));
}

function explain(path, error) {
  try {
    if (statSync(path).isDirectory()) return `${path} is a directory, not a program`;
    accessSync(path, constants.X_OK);
  } catch ({ code }) {
    return code === "EACCES"
      ? `${path} is not executable; set its run bit`
      : `the program ${path} can't be found (${code})`;
  }
  return `the program ${path} can't be started (${error.code ?? error.message})`;
}

function stop(graceMs) {
  for (const target of [-plugin.pid, plugin.pid]) {
    try {
      process.kill(target, "SIGTERM");
      break;
    } catch {
      // It has left its own process group, or has ended.
    }
  }
  setTimeout(() => process.exit(0), graceMs);
}

function end(report) {
  provider.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

function tell(report) {
  provider.write(`${JSON.stringify(report)}\n`);
}
