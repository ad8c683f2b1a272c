import { existsSync } from "node:fs";
import { defineFault } from "../../fault.js";

/** Set by the proof as an operator's shell would have it. */
export const operatorsVariable = "OPERATORS_REGION";

export const needsOperatorsVariable = defineFault({
  name: "needs-operators-variable",
  breaks: ["process/environment/nothing-of-the-operator"],
  also: [
    "process/start/serves",
    "process/socket/replaces-stale-file",
    "process/start/refuses-without-socket-variable",
  ],
  apply: (reference) => {
    const { run } = reference;
    reference.run = () => {
      if (process.env[operatorsVariable] !== undefined) return run();
      process.stderr.write(`${operatorsVariable} is not set\n`);
      process.exit(1);
    };
  },
});

export const needsWorkingDirectory = defineFault({
  name: "needs-working-directory",
  breaks: ["process/environment/any-working-directory"],
  apply: (reference) => {
    const { run } = reference;
    reference.run = () => {
      if (existsSync("package.json")) return run();
      process.stderr.write("package.json is not in the working directory\n");
      process.exit(1);
    };
  },
});
