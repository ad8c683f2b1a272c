import { openly } from "./lib/commands.mjs";

/** Go's names for this machine, which releases go by. */
const platform = `${process.platform}/${process.arch.replace("x64", "amd64")}`;

/**
 * Packages the process runtime for this machine, as a script and as an executable, below its `release` folder.
 *
 * @param {readonly string[]} args flags for `gestalt-runtime package`
 * @returns {Promise<number>} exit code
 */
export async function packageExample(args) {
  const folder = "examples/process-runtime";
  for (const kind of ["script", "executable"]) {
    const code = await openly(process.execPath, [
      "packages/testkit/bin/gestalt-runtime.mjs",
      ...["package", folder, "--artifact", kind, "--platform", platform],
      ...["--output", `${folder}/release/${kind}`, ...args],
    ]);
    if (code !== 0) return code;
  }
  return 0;
}
