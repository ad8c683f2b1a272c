import { stat } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "./refuse.js";

const names = ["manifest.yaml", "manifest.yml", "manifest.json"];

/** The path of a package's manifest. */
export async function findManifest(folder: string): Promise<string> {
  const found: string[] = [];
  for (const name of names)
    if ((await stat(join(folder, name)).catch(() => undefined))?.isFile() === true) found.push(name);
  const [first, second] = found;
  if (first === undefined)
    throw invalid(
      `${folder} is no package: there is none of ${names.join(", ")}; write a manifest.yaml there, or name another folder`,
    );
  if (second !== undefined)
    throw invalid(
      `${folder} holds ${first} and ${second}, and only one can be the manifest; remove the other`,
    );
  return join(folder, first);
}
