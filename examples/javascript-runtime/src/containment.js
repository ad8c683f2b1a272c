import { execFile } from "node:child_process";

/**
 * What comes before a command that is to end with this process, and everything it started with it (PROC-8): a PID
 * namespace, whose first process is killed by the kernel when this one dies, however that happens.
 */
export const containment = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["unshare", "--pid", "--fork", "--kill-child"],
  ...(process.getuid() === 0 ? [] : ["--user", "--map-current-user"]),
  "--",
];

/** Why plugins can't be held together on this machine, and what to change; undefined where they can (SUP-1, SUP-2). */
export function whyNoContainment() {
  const [program, ...args] = [...containment, process.execPath, "--version"];
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 10_000 }, (error, _, stderr) => {
      if (error === null) return resolve(undefined);
      const cause = stderr.trim() || error.message;
      resolve(
        `no PID namespace can be made (${cause}), so plugins could outlive this provider: install util-linux, and ` +
          "allow user namespaces where gestaltd does not run as root, or run it outside its container's sandbox",
      );
    });
  });
}
