import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A whole provider of this repository that its own tests do not cover: one that owes nothing to the SDK. */
export interface Subject {
  readonly name: string;
  /** Absolute path of what the host starts. */
  readonly command: string;
  readonly args: readonly string[];
  /** Why it can't run on this machine; its tests are skipped with that in their names. */
  readonly missing: string | undefined;
  /** What ConfigureProvider is to be given to make three faults. */
  readonly faultyConfig: Readonly<Record<string, string | number>>;
}

const example = (path: string): string =>
  fileURLToPath(new URL(`../../../../examples/${path}`, import.meta.url));

const faultyConfig = { readyTimeoutMs: 0, stopGraceMs: "soon", stateDri: "/x" };

/** Each written in its language straight from the host's contract, on a gRPC library and nothing else. */
export const subjects: readonly Subject[] = [
  {
    name: "go-runtime",
    command: example("go-runtime/dist/go-runtime"),
    args: [],
    missing: whyNot("go", ["version"]),
    faultyConfig,
  },
  {
    name: "python-runtime",
    command: example("python-runtime/.venv/bin/python"),
    args: [example("python-runtime/main.py")],
    missing: whyNot("python3", ["-c", "import ensurepip"]),
    faultyConfig,
  },
  {
    name: "javascript-runtime",
    command: example("javascript-runtime/src/main.js"),
    args: [],
    missing: undefined,
    faultyConfig,
  },
];

/** What the example on gestaltd's page about runtime providers does; see its file. */
export const seedPage: Subject = {
  name: "seed-page",
  command: example("javascript-runtime/src/seed-page.js"),
  args: [],
  missing: undefined,
  faultyConfig,
};

/** @param name that must be there */
export function subjectNamed(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`there is no subject ${name}`);
  return found;
}

/** Its command, which the build makes. */
export function commandOf({ name, command }: Subject): string {
  if (existsSync(command)) return command;
  throw new Error(`${command} is missing; run node scripts/other-languages.mjs, which makes ${name}`);
}

function whyNot(tool: string, args: readonly string[]): string | undefined {
  const { error, status } = spawnSync(tool, args, { stdio: "ignore", timeout: 20_000 });
  return error === undefined && status === 0 ? undefined : `${tool} is not on this machine`;
}
