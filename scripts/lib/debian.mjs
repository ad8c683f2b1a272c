import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { quietly } from "./commands.mjs";
import { say, step } from "./steps.mjs";

/** What some tasks want that no npm package brings. */
const table = [
  { package: "nghttp2-client", command: "h2load", tasks: ["bench"] },
  { package: "tinyproxy-bin", command: "tinyproxy", tasks: ["bench"] },
  { package: "bubblewrap", command: "bwrap", tasks: ["test"] },
  { package: "busybox", command: "busybox", tasks: ["test"] },
  { package: "socat", command: "socat", tasks: ["test", "bench"] },
  { package: "passt", command: "pasta", tasks: ["test"] },
  { package: "chromium", command: "chromium", tasks: ["test"] },
];

/**
 * Installs what a task wants of it, where that can be done; elsewhere says what is missing, and the task does
 * without.
 *
 * @param {string} task
 */
export async function debianPackages(task) {
  for (const wanted of table) {
    if (!wanted.tasks.includes(task) || isOnPath(wanted.command)) continue;
    if (process.getuid?.() !== 0 || !isOnPath("apt-get")) {
      say(`${wanted.command} is missing: install ${wanted.package} to have it; going on without`);
      continue;
    }
    try {
      await step(`install ${wanted.package}`, () => aptInstall(wanted.package));
    } catch (error) {
      say(`${wanted.command} is missing and could not be installed; going on without`);
      say(error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {string} name */
async function aptInstall(name) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const args = ["install", "--yes", "--quiet", "--no-install-recommends", name];
  try {
    await quietly("apt-get", args, { env });
  } catch {
    // On a fresh machine there is no list of packages yet.
    await quietly("apt-get", ["update", "--quiet"], { env });
    await quietly("apt-get", args, { env });
  }
}

/** @param {string} command */
function isOnPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}
