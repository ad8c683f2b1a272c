import { defineCheck } from "../../check/check.js";
import { expectStarts } from "./starts-so.js";

/** What an operator's shell is sure to have of the host's list. */
const kept = new Set(["PATH", "HOME", "TMPDIR"]);
/** What it may have, and a service manager's may not. */
const optional = ["LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];

export const needsNothingOfOperator = defineCheck({
  id: "process/environment/nothing-of-the-operator",
  title: "the provider comes up with nothing of the operator's environment but PATH, HOME and TMPDIR",
  requirements: ["PROC-4"],
  cause: "A token, a region or a locale is read from a variable of the shell in which it was tried out.",
  mend: "Take what is configured from ConfigureProvider, and secrets from the env of the provider's own entry.",
  run: (t) =>
    expectStarts(t, {
      so: `with ${[...kept].join(", ")} and what the host sets alone`,
      options: { environment: (usual) => without(usual, optional) },
      otherwise: "with all that this shell has",
      other: { environment: (usual) => ({ ...ofThisShell(), ...usual }) },
    }),
});

export const anyWorkingDirectory = defineCheck({
  id: "process/environment/any-working-directory",
  title: "the provider comes up in any working directory",
  requirements: ["PROC-4"],
  cause: "A file is opened by a relative path, which works where the package lies and nowhere else.",
  mend: "Find the package's files from the program's own path (import.meta.url, os.Executable, __file__).",
  run: (t) =>
    expectStarts(t, {
      so: "in the working directory /",
      options: { cwd: "/" },
      otherwise: "in the suite's own",
      other: {},
    }),
});

function without(usual: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(usual).filter(([name]) => !names.includes(name)));
}

function ofThisShell(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
