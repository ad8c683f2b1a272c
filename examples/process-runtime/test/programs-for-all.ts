import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { program } from "./support.js";

/** Programs where every user may run them: the checkout and Node.js itself may be this user's alone. */
export interface ProgramsForAll {
  /** A host in mid-session, and one that lives a short life. */
  readonly host: string;
  readonly shortHost: string;
  readonly runtime: string;
  readonly plugin: string;
  readonly node: string;
  /** A PATH that finds that Node.js, as the programs' first lines ask for it. */
  readonly path: string;
  remove(): Promise<void>;
}

/** @param uid a user that is to run them */
export async function copyProgramsForAll(uid: number | undefined): Promise<ProgramsForAll> {
  const folder = await mkdtemp("/tmp/gprp-");
  await chmod(folder, 0o755);
  const copy = async (file: string, name: string): Promise<string> => {
    const to = join(folder, name);
    await mkdir(dirname(to), { recursive: true });
    await cp(file, to);
    await chmod(to, 0o755);
    return to;
  };
  /** The program is more than its file. */
  const copyProgram = async (): Promise<string> => {
    const to = join(folder, "dist");
    await cp(dirname(program), to, { recursive: true });
    return join(to, basename(program));
  };
  const node =
    uid === undefined || (await canRun(process.execPath, uid))
      ? process.execPath
      : await copy(process.execPath, "bin/node");
  const fixture = (name: string): string =>
    fileURLToPath(new URL(`./.fixtures/${name}.mjs`, import.meta.url));
  return {
    host: await copy(fixture("host-in-mid-session"), "host.mjs"),
    shortHost: await copy(fixture("host-of-one-life"), "short-host.mjs"),
    runtime: await copyProgram(),
    plugin: await copy(fixturePlugin().command, "fixture-plugin.mjs"),
    node,
    path: [dirname(node), process.env.PATH].join(delimiter),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function canRun(file: string, uid: number): Promise<boolean> {
  const child = spawn(file, ["--version"], { uid, gid: uid, cwd: "/", stdio: "ignore" });
  return once(child, "exit").then(
    () => true,
    () => false,
  );
}
