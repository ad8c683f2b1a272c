import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** A container image by name, completed as Docker completes it. */
export interface ImageReference {
  /** The registry's host, with its port where it has one: `"docker.io"`, `"localhost:5000"`, `"[::1]:5000"`. */
  readonly registry: string;
  /** The name inside the registry; `"library/ubuntu"` for Docker Hub's own `ubuntu`. */
  readonly repository: string;
  /** Left out only where there is a digest and no tag. */
  readonly tag?: string;
  /** Algorithm and hexadecimal digits, as in `"sha256:9f86…"`. It decides; a tag beside it is a comment. */
  readonly digest?: string;
  /** The complete name: `docker.io/library/ubuntu:latest`. Reading it again gives the same reference. */
  toString(): string;
}

const hubRegistry = "docker.io";
const domain =
  /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*|\[[a-f\d:]+\])(?::\d+)?$/i;
const pathPart = /^[a-z\d]+(?:(?:[_.]|__|-+)[a-z\d]+)*$/;
const tagText = /^\w[\w.-]{0,127}$/;
const digestDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const maxRepositoryLength = 255;

/**
 * Reads the name of an image as Docker does: without a registry it is `docker.io`, without a namespace there
 * `library/`, with neither tag nor digest `latest`.
 *
 * @param field the name of the field that held the text; it begins the message of the error
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT, saying what is wrong and what to write (SESS-3)
 */
export function parseImageReference(text: string, field = "image"): ImageReference {
  const refuse = (what: string, mend: string): RuntimeProviderError =>
    new RuntimeProviderError("INVALID_ARGUMENT", `${field} ${JSON.stringify(text)} ${what}; ${mend}`);
  if (text === "") throw refuse("is empty", "write a name such as ubuntu:24.04");
  if (/\s/.test(text)) throw refuse("has white space in it", "take it out");
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[0];
  if (scheme !== undefined) throw refuse(`begins with ${scheme}`, "begin with the registry's host");

  const { name, tag, digest } = split(text);
  if (digest !== undefined) checkDigest(digest, refuse);
  if (tag !== undefined && !tagText.test(tag))
    throw refuse(
      `has the tag ${JSON.stringify(tag)}`,
      "a tag is 1 to 128 letters, digits, _, . and -, and begins with neither . nor -",
    );
  if (/^[a-f\d]{64}$/.test(name))
    throw refuse("is 64 hexadecimal digits, an image's id", "write the repository's name");
  const { registry, repository } = locate(name);
  if (!domain.test(registry))
    throw refuse(
      `has the registry ${JSON.stringify(registry)}`,
      "a registry is a host and perhaps a port, as in registry.example.com:5000",
    );
  checkRepository(repository, refuse);
  return new Reference(registry, repository, tag ?? (digest === undefined ? "latest" : undefined), digest);
}

type Refuse = (what: string, mend: string) => RuntimeProviderError;

class Reference implements ImageReference {
  readonly registry: string;
  readonly repository: string;
  declare readonly tag?: string;
  declare readonly digest?: string;

  constructor(registry: string, repository: string, tag: string | undefined, digest: string | undefined) {
    this.registry = registry;
    this.repository = repository;
    if (tag !== undefined) this.tag = tag;
    if (digest !== undefined) this.digest = digest;
    Object.freeze(this);
  }

  toString(): string {
    const tag = this.tag === undefined ? "" : `:${this.tag}`;
    const digest = this.digest === undefined ? "" : `@${this.digest}`;
    return `${this.registry}/${this.repository}${tag}${digest}`;
  }
}

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const tagged = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash belongs to the registry's port.
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  if (colon < 0) return { name: tagged, tag: undefined, digest };
  return { name: tagged.slice(0, colon), tag: tagged.slice(colon + 1), digest };
}

function locate(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  // Namespaces have no capitals, so a first part with one can only be a host.
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const registry = isHost ? first : hubRegistry;
  const repository = isHost ? name.slice(slash + 1) : name;
  if (registry !== hubRegistry && registry !== `index.${hubRegistry}`) return { registry, repository };
  return {
    registry: hubRegistry,
    repository: repository.includes("/") || repository === "" ? repository : `library/${repository}`,
  };
}

function checkRepository(repository: string, refuse: Refuse): void {
  if (repository === "") throw refuse("has no repository", "write its name before the tag");
  if (repository !== repository.toLowerCase())
    throw refuse(
      `has capitals in the repository ${JSON.stringify(repository)}`,
      "repositories are in lower case",
    );
  for (const part of repository.split("/"))
    if (!pathPart.test(part))
      throw refuse(
        part === "" ? "has an empty part in its path" : `has the part ${JSON.stringify(part)} in its path`,
        "a part is lower-case letters and digits with single ., _ or __, or any number of - between them",
      );
  if (repository.length > maxRepositoryLength)
    throw refuse(
      `has a repository of ${repository.length} characters`,
      `${maxRepositoryLength} are the most that a registry takes`,
    );
}

function checkDigest(digest: string, refuse: Refuse): void {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, Math.max(colon, 0));
  const digits = Object.hasOwn(digestDigits, algorithm) ? digestDigits[algorithm] : undefined;
  if (digits === undefined)
    throw refuse(
      `has the digest ${JSON.stringify(digest)}`,
      `a digest begins with ${Object.keys(digestDigits).join(":, ")}:`,
    );
  const hex = digest.slice(colon + 1);
  if (hex.length !== digits || !/^[a-f\d]*$/.test(hex))
    throw refuse(
      `has the digest ${JSON.stringify(digest)}`,
      `${algorithm}: is followed by ${digits} hexadecimal digits in lower case`,
    );
}
