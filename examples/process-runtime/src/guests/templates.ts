import { stat } from "node:fs/promises";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { PluginLimits } from "../limits/plugin-limits.js";

/** What a template of the operator's gives a guest. */
export interface Template {
  /** A directory that is the guest's whole file system. */
  readonly root?: string;
  /** A directory that is laid over the file system of this machine. */
  readonly overlay?: string;
  /** In the guest. */
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: PluginLimits;
}

/** The operator's templates, by name. */
export class Templates {
  /** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for one that contradicts itself */
  constructor(
    private readonly templates: Readonly<Record<string, Template>>,
    private readonly configPath: string,
  ) {
    for (const [name, { root, overlay }] of Object.entries(templates))
      if (root !== undefined && overlay !== undefined)
        throw new RuntimeProviderError(
          "INVALID_ARGUMENT",
          `${this.fieldOf(name)} has both root and overlay; keep root for a file system of its own, or overlay to add to this machine's`,
        );
  }

  /**
   * @param asked the config field that named the template
   * @throws {@link RuntimeProviderError} INVALID_ARGUMENT where it is not configured, FAILED_PRECONDITION where its
   *   directory is missing
   */
  async find(name: string, asked: string): Promise<Template> {
    const template = Object.hasOwn(this.templates, name) ? this.templates[name] : undefined;
    if (template === undefined) {
      const known = Object.keys(this.templates);
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `${asked} names the template ${JSON.stringify(name)}, which this runtime has not (${known.join(", ") || "it has none"}): add it to ${this.configPath}.templates`,
      );
    }
    for (const key of ["root", "overlay"] as const) {
      const path = template[key];
      if (path === undefined || (await isDirectory(path))) continue;
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `${this.fieldOf(name)}.${key} is ${path}, which is no directory: put the files there`,
      );
    }
    return template;
  }

  fieldOf(name: string): string {
    return `${this.configPath}.templates.${name}`;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
