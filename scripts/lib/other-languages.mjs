import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { quietly, tool } from "./commands.mjs";
import { root } from "./root.mjs";
import { say, step } from "./steps.mjs";

/**
 * @typedef {object} Language
 * @property {string} name
 * @property {string} folder with the provider, and with buf.gen.yaml
 * @property {string} generated what `buf generate` writes there
 * @property {() => Promise<string | undefined>} whyNot why it can't be built on this machine
 * @property {() => Promise<void>} build
 * @property {() => Promise<Record<string, string>>} generators installs what buf calls; the environment it is called in
 */

const cache = join(root, "node_modules", ".cache", "other-languages");

/** The providers that are written without the SDK and have something to build. @type {readonly Language[]} */
export const otherLanguages = [
  {
    name: "Go",
    folder: "examples/go-runtime",
    generated: "examples/go-runtime/internal/protocol",
    whyNot: () => whyNotOnPath("go", ["version"]),
    build: async () => {
      const args = ["build", "-trimpath", "-o", "dist/go-runtime", "."];
      // Nothing of a C library: it starts in the host's sandbox as it is (PROC-10).
      await quietly("go", args, { cwd: join(root, "examples/go-runtime"), env: { CGO_ENABLED: "0" } });
    },
    generators: async () => {
      const bin = join(cache, "bin");
      const modules = [
        "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
        "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
      ];
      for (const module of modules) await quietly("go", ["install", module], { env: { GOBIN: bin } });
      return { PATH: [bin, process.env.PATH].join(delimiter) };
    },
  },
  {
    name: "Python",
    folder: "examples/python-runtime",
    generated: "examples/python-runtime/gestalt",
    // Debian has the two in packages of their own.
    whyNot: () => whyNotOnPath("python3", ["-c", "import ensurepip, venv"]),
    build: () => virtualEnvironment(join(root, "examples/python-runtime/.venv"), "requirements.txt"),
    generators: async () => {
      await virtualEnvironment(join(cache, "venv"), "requirements-generate.txt");
      return {};
    },
  },
];

/** Builds those whose toolchain this machine has, and says of the others what is missing. */
export async function buildOtherLanguages() {
  for (const language of otherLanguages) {
    const missing = await language.whyNot();
    if (missing !== undefined) {
      say(`${language.folder}: ${missing}; going on without it`);
      continue;
    }
    try {
      await step(`build ${language.folder}`, language.build);
    } catch (error) {
      // Its own tests fail for it, and say how to build; all others are none of its business.
      say(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Writes the code that the .proto files give in one language. @param {Language} language */
export async function generate(language) {
  const env = await language.generators();
  await quietly(tool("buf"), ["generate", "--template", join(language.folder, "buf.gen.yaml")], { env });
}

/** @param {string} program @param {readonly string[]} args */
async function whyNotOnPath(program, args) {
  try {
    await quietly(program, args);
    return undefined;
  } catch {
    return `${program} is not on this machine`;
  }
}

/** @param {string} folder @param {string} requirements a file of the Python provider's */
async function virtualEnvironment(folder, requirements) {
  const list = join(root, "examples/python-runtime", requirements);
  const wanted = await readFile(list, "utf8");
  const stamp = join(folder, "installed.txt");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await quietly("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", list];
  await quietly(join(folder, "bin", "python"), pip);
  await writeFile(stamp, wanted);
}
