import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join, parse } from "node:path";
import type { StringMap } from "@gestalt-runtime/sdk";
import type { GuestRoot, Mount } from "./isolation.js";

/** The system's programs and libraries. */
const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

/** What programs look up in `/etc`: certificates, names, time, the loader's list. Nothing that holds a secret. */
const settings = [
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "crypto-policies",
  "fonts",
  "gai.conf",
  "host.conf",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "pki",
  "protocols",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "timezone",
];

/** What marks the top of a package. */
const packageMarks = [
  "package.json",
  "manifest.yaml",
  "manifest.yml",
  "manifest.json",
  "pyproject.toml",
  "go.mod",
];
const levelsUp = 4;

/** Folders that hold other people's things besides a plugin: never shown as a whole. */
const broad = new Set(
  ["/", "/boot", "/etc", "/home", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/srv"].concat([
    "/sys",
    "/tmp",
    "/var",
    "/var/lib",
    "/var/tmp",
    "/usr/local",
    "/dev",
    "/dev/shm",
  ]),
);

export type RootEntry =
  | { readonly kind: "bind"; readonly onHost: string; readonly inGuest: string }
  | { readonly kind: "link"; readonly to: string; readonly inGuest: string };

/** A root's top level: a directory of the operator's, or the host's own system. Made anew for each guest, since it may change. */
export function rootEntries({ path }: Pick<GuestRoot, "path">): RootEntry[] {
  if (path === undefined)
    return [
      ...systemFolders.flatMap((folder) => entry(folder, folder)),
      ...settings.map((name) => join("/etc", name)).flatMap((file) => entry(file, file, true)),
    ];
  // These are the guest's own.
  const own = new Set(["dev", "proc", "run", "sys", "tmp"]);
  return readdirSync(path)
    .filter((name) => !own.has(name))
    .flatMap((name) =>
      name === "etc" ? etcEntries(join(path, name)) : entry(join(path, name), join("/", name)),
    );
}

/** One by one: a file of the guest's own stands among them, also where the root has none. */
function etcEntries(folder: string): RootEntry[] {
  return readdirSync(folder)
    .filter((name) => !["hosts", "resolv.conf"].includes(name))
    .flatMap((name) => entry(join(folder, name), join("/etc", name)));
}

function entry(onHost: string, inGuest: string, follow = false): RootEntry[] {
  try {
    if (!follow && lstatSync(onHost).isSymbolicLink())
      return [{ kind: "link", to: readlinkSync(onHost), inGuest }];
    // A link of /etc may lead into a folder that is not shown, such as /run.
    return [{ kind: "bind", onHost: follow ? realpathSync(onHost) : onHost, inGuest }];
  } catch {
    return [];
  }
}

/** What of the host's files a program of it needs besides the system's: its package, and what runs it. */
export function packageMounts(command: string, path: string | undefined): Mount[] {
  const files = [command, ...interpreters(command, path)];
  const shown = files.flatMap((file) => [folderOf(file), folderOf(realpathSync(file))]);
  return [...new Set(shown)].filter((at) => !isOfSystem(at)).map((at) => ({ onHost: at, inGuest: at }));
}

/** The folder that a plugin starts in where nobody has said one. */
export function packageFolder(command: string): string {
  const folder = folderOf(command);
  return folder === command ? "/" : folder;
}

/** The package around a file, or the folder around a runtime's bin, or its own folder, or where that is broad the file alone. */
function folderOf(file: string): string {
  const own = dirname(file);
  let folder = own;
  for (let level = 0; level < levelsUp && !isBroad(folder); level += 1, folder = dirname(folder))
    if (packageMarks.some((mark) => existsSync(join(folder, mark)))) return folder;
  const around = dirname(own);
  if (
    basename(own) === "bin" &&
    !isBroad(around) &&
    basename(around) !== ".local" &&
    existsSync(join(around, "lib"))
  )
    return around;
  return isBroad(own) ? file : own;
}

function isBroad(folder: string): boolean {
  return (
    broad.has(folder) || folder === homedir() || dirname(folder) === "/home" || folder === parse(folder).root
  );
}

export function isOfSystem(path: string): boolean {
  return systemFolders.some((folder) => isWithin(path, folder));
}

/** Whether a path is a folder, or something in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The programs that a script's first line asks for, one after the other, `env` with what it looks for. */
function interpreters(command: string, path = "/usr/bin:/bin"): string[] {
  const found: string[] = [];
  for (let file: string | undefined = command; file !== undefined && found.length < 4;) {
    const line: string = firstLine(file);
    const [, interpreter, rest]: (string | undefined)[] = /^#![ \t]*([^ \t]+)[ \t]*(.*)$/.exec(line) ?? [];
    if (interpreter === undefined || !isAbsolute(interpreter) || !existsSync(interpreter)) break;
    found.push(interpreter);
    const wanted = rest?.split(/[ \t]+/).find((word) => word !== "-S" && !word.includes("="));
    const isEnv = basename(interpreter) === "env" && wanted !== undefined && wanted !== "";
    file = isEnv ? lookUp(wanted, path) : interpreter;
    if (isEnv && file !== undefined) found.push(file);
  }
  return found;
}

/** What the kernel reads of it: a few bytes of a file that has just been looked at. */
function firstLine(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const start = Buffer.alloc(256);
    return start.toString("latin1", 0, readSync(file, start)).split("\n", 1)[0] ?? "";
  } catch {
    return "";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function lookUp(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/**
 * Lines on arguments that name a file which is there and which the guest does not see. Nothing is shown by that alone: whoever
 * wrote a plugin's arguments may have written anything.
 */
export function unseenArguments(args: readonly string[], mounts: readonly Mount[]): string[] {
  const isSeen = (path: string): boolean =>
    isOfSystem(path) || mounts.some(({ inGuest }) => isWithin(path, inGuest));
  return args.flatMap((arg, index) =>
    isAbsolute(arg) && !isSeen(arg) && existsSync(arg)
      ? [
          `args[${index}] names ${arg}, which the plugin does not see: add it, or its folder, to readOnlyPaths`,
        ]
      : [],
  );
}

/** The certificates that this process's own environment names: they are in every plugin's (PLUG-2). */
export function certificateMounts(env: StringMap | NodeJS.ProcessEnv): Mount[] {
  return [env.SSL_CERT_FILE ?? "", ...(env.SSL_CERT_DIR ?? "").split(delimiter)]
    .filter((path) => isAbsolute(path) && existsSync(path) && !isBroad(path))
    .map((path) => ({ onHost: path, inGuest: path }));
}
