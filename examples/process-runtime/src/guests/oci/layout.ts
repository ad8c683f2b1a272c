import { join } from "node:path";
import type { ImageReference } from "@gestalt-runtime/sdk";
import { Blobs, parseJson, readSmallFile } from "./blobs.js";
import { readDescriptor, readFields, readList, type Descriptor } from "./descriptor.js";
import { ImageError } from "./image-error.js";
import { readImageConfig, type ImageConfig } from "./image-config.js";

/** An image in a layout: what it is made of, all of it named by digests. */
export interface LayoutImage {
  /** The manifest's digest; it stands for everything in the image. */
  readonly digest: string;
  /** The layers' blobs, the lowest first. */
  readonly layers: readonly Descriptor[];
  readonly config: ImageConfig;
  readonly blobs: Blobs;
}

const refName = "org.opencontainers.image.ref.name";
/** What containerd writes beside it: the whole name. */
const containerdName = "io.containerd.image.name";
const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
/** Node.js has other names for processors. */
const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", ia32: "386" };
/** An index may name indexes; nobody nests them deeper. */
const maxNesting = 4;

/**
 * Finds an image in an OCI image layout: by the reference's digest where it has one, else by its tag.
 *
 * @throws {@link ImageError} where it is not there, not for this machine, or not what its digest says
 */
export async function readLayout(layout: string, reference: ImageReference): Promise<LayoutImage> {
  await assertVersion(layout);
  const blobs = new Blobs(layout);
  const { digest, document } =
    reference.digest === undefined
      ? await byTag(layout, blobs, reference)
      : { digest: reference.digest, document: await blobs.json({ digest: reference.digest }) };
  return readImage(blobs, digest, readFields(document, `the manifest ${digest}`), 0);
}

async function assertVersion(layout: string): Promise<void> {
  const path = join(layout, "oci-layout");
  const { imageLayoutVersion } = readFields(parseJson(await readSmallFile(path), path), path);
  if (typeof imageLayoutVersion === "string" && imageLayoutVersion.startsWith("1.")) return;
  throw new ImageError(
    `${path} is of version ${JSON.stringify(imageLayoutVersion)}, and only 1.x is known: write the image with a tool of today`,
  );
}

async function byTag(
  layout: string,
  blobs: Blobs,
  reference: ImageReference,
): Promise<{ digest: string; document: unknown }> {
  const path = join(layout, "index.json");
  const { manifests } = readFields(parseJson(await readSmallFile(path), path), path);
  const all = readList(manifests, `manifests in ${path}`).map((value, index) =>
    readDescriptor(value, `manifests[${index}] in ${path}`),
  );
  const chosen = chooseByTag(all, reference);
  if (chosen === undefined) {
    const names = all.map(
      ({ annotations }) => annotations[containerdName] ?? annotations[refName] ?? "(no tag)",
    );
    throw new ImageError(
      `${path} has no ${JSON.stringify(reference.tag)}, but ${names.join(", ") || "nothing"}: ask for what is there, or add the image`,
    );
  }
  return { digest: chosen.digest, document: await blobs.json(chosen) };
}

function chooseByTag(all: readonly Descriptor[], reference: ImageReference): Descriptor | undefined {
  const { registry, repository, tag = "" } = reference;
  const wholeNames = [`${registry}/${repository}:${tag}`, `${repository}:${tag}`];
  const named = all.filter(({ annotations }) => {
    const whole = annotations[containerdName];
    return whole !== undefined
      ? whole === wholeNames[0]
      : [tag, ...wholeNames].includes(annotations[refName] ?? "");
  });
  // The last one written: tools add to the list when a tag moves.
  if (named.length > 0) return named.at(-1);
  const [only, ...more] = all;
  return only?.annotations[refName] === undefined && more.length === 0 ? only : undefined;
}

async function readImage(
  blobs: Blobs,
  digest: string,
  document: Record<string, unknown>,
  depth: number,
): Promise<LayoutImage> {
  const what = `the manifest ${digest}`;
  const { mediaType = document.manifests === undefined ? manifestTypes[0] : indexTypes[0] } = document;
  const isIndex = indexTypes.some((type) => type === mediaType);
  if (isIndex) {
    if (depth === maxNesting) throw new ImageError(`${what} lies in more than ${maxNesting} indexes`);
    const inner = forThisMachine(document, digest);
    const next = readFields(await blobs.json(inner), `the manifest ${inner.digest}`);
    return readImage(blobs, inner.digest, next, depth + 1);
  }
  if (!manifestTypes.some((type) => type === mediaType))
    throw new ImageError(`${what} is ${JSON.stringify(mediaType)}, which is no image`);
  const layers = readList(document.layers, `layers in ${what}`).map((value, index) =>
    readDescriptor(value, `layers[${index}] in ${what}`),
  );
  const descriptor = readDescriptor(document.config, `config in ${what}`);
  const config = readImageConfig(await blobs.json(descriptor), `the configuration ${descriptor.digest}`);
  const { os, architecture } = thisMachine();
  if (config.os !== os || config.architecture !== architecture)
    throw new ImageError(
      `the image is for ${config.os}/${config.architecture} and this machine is ${os}/${architecture}: use an image for it`,
    );
  if (config.diffIds.length !== layers.length)
    throw new ImageError(
      `${what} has ${layers.length} layers and its configuration ${config.diffIds.length}: build the image again`,
    );
  return { digest, layers, config, blobs };
}

function forThisMachine(index: Record<string, unknown>, digest: string): Descriptor {
  const all = readList(index.manifests, `manifests in the index ${digest}`).map((value, at) =>
    readDescriptor(value, `manifests[${at}] in the index ${digest}`),
  );
  const { os, architecture } = thisMachine();
  const found = all.find(({ platform }) => platform?.os === os && platform.architecture === architecture);
  // An index with one manifest need not say what it is for; the image's own configuration does.
  const only = all.length === 1 && all[0]?.platform === undefined ? all[0] : undefined;
  if (found !== undefined) return found;
  if (only !== undefined) return only;
  // Attestations are listed as images for an unknown machine.
  const there = all.flatMap(({ platform: p }) =>
    p && p.os !== "unknown" ? `${p.os}/${p.architecture}` : [],
  );
  throw new ImageError(
    `the index ${digest} has no image for ${os}/${architecture}, but for ${there.join(", ") || "no machine"}: use one that has it`,
  );
}

function thisMachine(): { os: string; architecture: string } {
  // Whatever this program runs on: its roots are for Linux.
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}
