import { ImageError } from "./image-error.js";

/** What points to a blob. */
export interface Descriptor {
  readonly mediaType: string;
  /** Algorithm and hexadecimal digits. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** In an index: what the image runs on. */
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** Those that Node.js can check, with their number of digits. */
const digests = /^(?:sha256:[a-f\d]{64}|sha384:[a-f\d]{96}|sha512:[a-f\d]{128})$/;

/** Reads a descriptor out of a file that anybody may have written. @throws {@link ImageError} naming `where` */
export function readDescriptor(value: unknown, where: string): Descriptor {
  const fields = readFields(value, where);
  const { mediaType = "", digest, size } = fields;
  if (typeof mediaType !== "string") throw new ImageError(`${where} has a mediaType that is no text`);
  if (typeof digest !== "string" || !digests.test(digest))
    throw new ImageError(`${where} has the digest ${JSON.stringify(digest)}, which is none of SHA-2`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw new ImageError(`${where} has the size ${JSON.stringify(size)}, which is no number of bytes`);
  const annotations = fields.annotations === undefined ? {} : readFields(fields.annotations, where);
  const texts = Object.entries(annotations).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return { mediaType, digest, size, annotations: Object.fromEntries(texts), ...platformOf(fields, where) };
}

function platformOf(fields: Record<string, unknown>, where: string): Pick<Descriptor, "platform"> {
  if (fields.platform === undefined) return {};
  const { os, architecture } = readFields(fields.platform, `the platform of ${where}`);
  return { platform: { os: String(os), architecture: String(architecture) } };
}

/** @throws {@link ImageError} where it is no object */
export function readFields(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ImageError(`${where} is no object`);
}

/** @throws {@link ImageError} where it is no list */
export function readList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new ImageError(`${where} is no list`);
}
