import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/**
 * Reads a file that belongs to the program and lies beside the module that names it:
 *
 *     const text = String(await readAsset(new URL("./welcome.txt", import.meta.url)));
 *
 * In the sources that URL is a `file:` URL. `gestalt-runtime package` puts the program into one file and what it
 * names in this way into it, as a `data:` URL: read like this, it is found in both, also where the provider may open
 * no other file than its own (PROC-10).
 *
 * @throws {@link RuntimeProviderError} NOT_FOUND where there is no such file, INVALID_ARGUMENT for another kind of URL
 */
export async function readAsset(url: URL): Promise<Buffer> {
  if (url.protocol === "data:") return readDataUrl(url);
  if (url.protocol !== "file:")
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `${assetName(url)} is no asset: name a file beside the module, new URL("./file", import.meta.url)`,
    );
  try {
    return await readFile(fileURLToPath(url));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeProviderError("NOT_FOUND", `the asset ${assetName(url)} can't be read: ${reason}`, {
      cause: error,
    });
  }
}

/** What an asset is called in errors, and by whose ending its format is known. */
export function assetName(url: URL): string {
  if (url.protocol === "file:") return fileURLToPath(url);
  if (url.protocol !== "data:") return url.href;
  const name = /^[^,]*;name=([^;,]+)/.exec(url.pathname)?.[1];
  return name === undefined ? "a data: URL" : decodeURIComponent(name);
}

function readDataUrl({ pathname, search }: URL): Buffer {
  const comma = pathname.indexOf(",");
  if (comma === -1)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      "a data: URL without a comma holds no data; write data:,text",
    );
  // A question mark begins no query here: it is data like anything else.
  const data = pathname.slice(comma + 1) + search;
  return pathname.slice(0, comma).endsWith(";base64")
    ? Buffer.from(data, "base64")
    : Buffer.from(decodeURIComponent(data));
}
