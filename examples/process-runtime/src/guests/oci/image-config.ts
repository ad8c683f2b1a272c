import { readFields, readList } from "./descriptor.js";
import { ImageError } from "./image-error.js";

/** Of an image's configuration, what matters to a plugin: the host says which program runs (PLUG-1). */
export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  /** Digests of the layers as they are when unpacked, the lowest first. */
  readonly diffIds: readonly string[];
  /** Relative commands are relative to it (PLUG-1). Absolute; `/` where the image says nothing. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @throws {@link ImageError} naming the field that is wrong */
export function readImageConfig(value: unknown, what: string): ImageConfig {
  const { os, architecture, rootfs, config = {} } = readFields(value, what);
  if (typeof os !== "string" || typeof architecture !== "string")
    throw new ImageError(`${what} does not say what the image runs on (os, architecture)`);
  const { diff_ids: diffIds } = readFields(rootfs, `rootfs in ${what}`);
  const { WorkingDir: directory, Env: env } = readFields(config ?? {}, `config in ${what}`);
  const workingDirectory =
    directory === undefined || directory === "" || directory === null ? "/" : directory;
  if (typeof workingDirectory !== "string" || !workingDirectory.startsWith("/"))
    throw new ImageError(
      `config.WorkingDir in ${what} is ${JSON.stringify(directory)}, which is not absolute`,
    );
  return {
    os,
    architecture,
    diffIds: readTexts(diffIds, `rootfs.diff_ids in ${what}`),
    workingDirectory,
    env: readEnv(env ?? [], `config.Env in ${what}`),
  };
}

function readEnv(value: unknown, where: string): Record<string, string> {
  const pairs = readTexts(value, where).map((text): [string, string] => {
    const at = text.indexOf("=");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  });
  // Names that begin with GESTALT_ are the host's to set (PLUG-2).
  return Object.fromEntries(pairs.filter(([name]) => name !== "" && !name.startsWith("GESTALT_")));
}

function readTexts(value: unknown, where: string): string[] {
  return readList(value, where).map((text, index) => {
    if (typeof text === "string" && !text.includes("\0")) return text;
    throw new ImageError(`${where} has no text at ${index}`);
  });
}
