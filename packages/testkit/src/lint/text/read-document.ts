import { readFile, stat } from "node:fs/promises";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { maxTextBytes } from "../package/package-files.js";
import { SourceDocument } from "./source-document.js";

/**
 * Reads a YAML or JSON file.
 *
 * @param options `name`: how findings name it, default the path; `variables`: as for {@link SourceDocument}
 * @throws {@link RuntimeProviderError} NOT_FOUND where there is no such file, INVALID_ARGUMENT past 4 MiB
 */
export async function readDocument(
  path: string,
  { name = path, ...options }: { readonly name?: string; readonly variables?: boolean } = {},
): Promise<SourceDocument> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > maxTextBytes)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `${path} is ${size} bytes long; no file of its kind is over ${maxTextBytes}`,
      );
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof RuntimeProviderError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeProviderError("NOT_FOUND", `${path} can't be read: ${reason}`, { cause: error });
  }
  return new SourceDocument(name, text, options);
}
