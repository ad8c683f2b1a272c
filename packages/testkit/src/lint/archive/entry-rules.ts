import { wholeFile, type Fault, type Rule } from "../rule.js";
import type { Archive, ArchiveEntry } from "./archive.js";

/** The host refuses to take an archive that is longer: 512 MiB. */
export const maxArchiveBytes = 512 * 1024 * 1024;

/** What an archive is, and what its entries may be called. */
export const entryRules: readonly Rule<Archive>[] = [
  {
    id: "archive/gzip",
    severity: "error",
    demands: "an archive is a whole gzip file",
    check: (archive) => faultOf(archive, "gzip", "make it with gestalt-runtime package, or with tar -czf"),
  },
  {
    id: "archive/tar",
    severity: "error",
    demands: "what is compressed is a whole tar file",
    check: (archive) => faultOf(archive, "tar", "make it with gestalt-runtime package, or with tar -czf"),
  },
  {
    id: "archive/unpacked-size",
    severity: "error",
    demands: "an archive unpacks to no more than 4 GiB, where reading stops",
    check: (archive) => faultOf(archive, "unpacked-size", "leave out what the program does not need"),
  },
  {
    id: "archive/size",
    severity: "error",
    demands: "an archive is no longer than 512 MiB",
    *check({ name, bytes }) {
      if (bytes > maxArchiveBytes)
        yield {
          at: wholeFile(name),
          message: `it is ${bytes} bytes long, and the host takes ${maxArchiveBytes}`,
          suggestion: "leave out what the program does not need",
        };
    },
  },
  {
    id: "archive/root-entry",
    severity: "error",
    demands: "there is no entry for the root itself",
    check: eachEntry(({ name, refused }) =>
      refused === "root"
        ? {
            message: `entry ${JSON.stringify(name)} is the root itself, which the host refuses`,
            suggestion:
              "pack files by their names (tar -czf x.tar.gz -C folder manifest.yaml bin), not the folder (.)",
          }
        : undefined,
    ),
  },
  {
    id: "archive/escape",
    severity: "error",
    demands: "no entry leads outside the package",
    check: eachEntry(({ name, refused }) =>
      refused === "escape"
        ? {
            message: `entry ${JSON.stringify(name)} leads outside the package`,
            suggestion: "pack it under a path inside the package",
          }
        : undefined,
    ),
  },
  {
    id: "archive/backslash",
    severity: "error",
    demands: "entries' names have forward slashes",
    check: eachEntry(({ name, refused }) =>
      refused === "backslash"
        ? {
            message: `entry ${JSON.stringify(name)} has a backslash, which the host refuses`,
            suggestion: `pack it as ${name.replaceAll("\\", "/")}`,
          }
        : undefined,
    ),
  },
  {
    id: "archive/link",
    severity: "error",
    demands: "there is no symbolic and no hard link",
    check: eachEntry(({ name, type, target }) =>
      type === "symbolic link" || type === "hard link"
        ? {
            message: `entry ${name} is a ${type} to ${target ?? "nothing"}, which the host refuses`,
            suggestion: "pack the file itself (tar --dereference --hard-dereference)",
          }
        : undefined,
    ),
  },
  {
    id: "archive/special",
    severity: "error",
    demands: "every entry is a plain file or a directory",
    check: eachEntry(({ name, type }) =>
      type === "other"
        ? {
            message: `entry ${name} is neither a plain file nor a directory, which the host refuses`,
            suggestion: "leave it out",
          }
        : undefined,
    ),
  },
  {
    id: "archive/duplicate",
    severity: "error",
    demands: "no path comes twice, also once ./x is read as x",
    *check({ name: archive, entries }) {
      const seen = new Map<string, string>();
      for (const { name, path } of entries) {
        if (path === undefined) continue;
        const first = seen.get(path);
        if (first === undefined) seen.set(path, name);
        else
          yield {
            at: wholeFile(archive),
            message: `${path} comes twice${first === name ? "" : `, as ${first} and as ${name}`}, which the host refuses`,
            suggestion: "pack it once",
          };
      }
    },
  },
  {
    id: "archive/re-rooted",
    severity: "warning",
    demands: "entries' names are normal paths; the host puts ./x, /x and a/../x somewhere else than they say",
    check: eachEntry(({ name, path }) =>
      path !== undefined && name.replace(/\/$/, "") !== path
        ? {
            message: `entry ${JSON.stringify(name)} is unpacked as ${path}`,
            suggestion: `pack it as ${path}`,
          }
        : undefined,
    ),
  },
];

/** Findings of one rule in one archive: what is packed wrongly is often every entry of it. */
const maxEntries = 5;

function eachEntry(check: (entry: ArchiveEntry) => Omit<Fault, "at"> | undefined): Rule<Archive>["check"] {
  return function* ({ name, entries }) {
    const found = entries.map(check).filter((fault) => fault !== undefined);
    for (const [index, { message, suggestion }] of found.slice(0, maxEntries).entries()) {
      const others = index === maxEntries - 1 ? found.length - maxEntries : 0;
      const more = others === 0 ? "" : ` (and ${others} more like it)`;
      yield { at: wholeFile(name), message: `${message}${more}`, suggestion };
    }
  };
}

function* faultOf({ name, fault }: Archive, type: string, suggestion: string): Generator<Fault> {
  if (fault?.type === type)
    yield { at: wholeFile(name), message: `it can't be read to its end: ${fault.message}`, suggestion };
}
