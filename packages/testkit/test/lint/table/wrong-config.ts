import { change, type LintCase } from "../case.js";
import { goodConfig, goodDeployment } from "./good.js";

/** The good deployment with one thing wrong in its config. */
export function wrongConfig(
  name: string,
  from: string,
  to: string,
  more: Partial<LintCase> = {},
): Omit<LintCase, "findings"> {
  const files = { ...goodDeployment, "gestaltd.yaml": change(goodConfig, from, to), ...more.files };
  return { name, ...more, files };
}

/** The line that names the release. */
export const source = "source: ./release/provider-release.yaml";
