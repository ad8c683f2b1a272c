import {
  appendFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseImageReference } from "@gestalt-runtime/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { ImageCache } from "../../src/guests/image-cache.js";
import { Images, type ImageFiles, type ImagePlaces } from "../../src/guests/images.js";
import { digestOf, tarOf, writeLayout, type ImageOptions, type LayerEntry } from "./layouts.js";

const configPath = "runtime.providers.process.config";
const asked = "plugins.example.execution.runtime.image";

interface Scene {
  readonly folder: string;
  readonly cache: string;
  readonly layout: string;
  /** What is outside of everything that an image may touch. */
  readonly outside: string;
  readonly files: (name: string, places?: Partial<ImagePlaces>, imageBytes?: number) => Promise<ImageFiles>;
}

/** A directory with everything of one test; nothing half unpacked may be left in it. */
async function scene(): Promise<Scene> {
  const folder = await mkdtemp("/tmp/gprg-");
  const [cache, layout, outside, work] = ["cache", "layout", "outside", "work"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  await mkdir(work);
  await mkdir(outside);
  await writeFile(join(outside, "kept"), "as it was");
  onTestFinished(async () => {
    expect(await readdir(work)).toEqual([]);
    expect(await readdir(outside)).toEqual(["kept"]);
    expect(await readFile(join(outside, "kept"), "utf8")).toBe("as it was");
    await rm(folder, { recursive: true });
  });
  return {
    folder,
    cache,
    layout,
    outside,
    files: (name, places = {}, imageBytes = 1_000_000) => {
      const images = new Images(
        { images: { "example.com/tool": layout }, ...places },
        new ImageCache({ directory: cache, workDirectory: work, imageBytes }),
        configPath,
      );
      const context = { signal: AbortSignal.timeout(20_000), progress: () => undefined };
      return images.files(parseImageReference(name), asked, context);
    },
  };
}

/** Unpacks an image of these layers and gives its root. */
async function unpacked(
  { layout, files }: Scene,
  layers: readonly (readonly LayerEntry[])[],
  options: Partial<ImageOptions> = {},
): Promise<string> {
  await writeLayout(layout, { layers: layers.map(tarOf), ...options });
  return (await files("example.com/tool:1")).root;
}

/** Every path below a root; links are not followed. */
async function tree(root: string, below = ""): Promise<string[]> {
  const found = await readdir(join(root, below), { withFileTypes: true });
  const paths = found.map(async (entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? [path, ...(await tree(root, path))] : [path];
  });
  return (await Promise.all(paths)).flat().sort();
}

describe("images", () => {
  it("SESS-3, PLUG-1: a layout gives a root, the working directory and the environment; the second time from the cache", async () => {
    const place = await scene();
    const digest = await writeLayout(place.layout, {
      layers: [
        tarOf([
          { path: "app/", type: "Directory", mode: 0o555 },
          { path: "app/run", mode: 0o4755, content: "one" },
        ]),
      ],
      tag: "1",
      config: {
        WorkingDir: "/app",
        Env: ["PATH=/bin", "EMPTY", "A=b=c", "GESTALT_PLUGIN_NAME=mine"],
        User: "1000",
      },
    });
    const found = await place.files("example.com/tool:1");
    expect(found).toEqual({
      root: join(place.cache, digest.replace(":", "-")),
      workingDirectory: "/app",
      env: { PATH: "/bin", EMPTY: "", A: "b=c" },
    });
    const file = await lstat(join(found.root, "app/run"));
    // The run bits are kept, setuid is not; all belongs to this user.
    expect([(file.mode & 0o7777).toString(8), file.uid]).toEqual(["755", process.getuid?.()]);
    expect(((await lstat(join(found.root, "app"))).mode & 0o777).toString(8)).toBe("755");
    await rm(join(place.layout, "blobs"), { recursive: true });
    // Without its blobs nothing says any more what the tag means.
    await expect(place.files("example.com/tool:1")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("SESS-3: many sessions at once unpack an image once, and one that is given up leaves nothing", async () => {
    const { layout, cache, folder } = await scene();
    await writeLayout(layout, { layers: [tarOf([{ path: "big", content: Buffer.alloc(3_000_000) }])] });
    const images = new Images(
      { images: { tool: layout } },
      new ImageCache({ directory: cache, workDirectory: join(folder, "work"), imageBytes: 10_000_000 }),
      configPath,
    );
    const said: string[] = [];
    const ask = (signal: AbortSignal) =>
      images.files(parseImageReference("tool"), asked, { signal, progress: (text) => said.push(text) });
    const given = new AbortController();
    const alone = ask(given.signal);
    given.abort(new Error("stopped"));
    await expect(alone).rejects.toThrow("stopped");
    const roots = await Promise.all(Array.from({ length: 5 }, () => ask(AbortSignal.timeout(20_000))));
    expect(new Set(roots.map(({ root }) => root)).size).toBe(1);
    expect(await readdir(cache)).toHaveLength(1);
    expect(said[0]).toMatch(/^unpacking the image sha256:[a-f\d]{64}, 1 layers$/);
  });

  it("SESS-3: whiteouts hide what is below them, and nothing of their own layer", async () => {
    const root = await unpacked(await scene(), [
      [
        { path: "etc/a", content: "1" },
        { path: "etc/b", content: "1" },
        { path: "opt/x/old", content: "1" },
        { path: "opt/x/deep/old", content: "1" },
        { path: "usr/lib/", type: "Directory" },
        { path: "lib", type: "SymbolicLink", linkpath: "usr/lib" },
        { path: "gone/with/all", content: "1" },
      ],
      [
        { path: "etc/.wh.a" },
        { path: "opt/x/new", content: "2" },
        { path: "opt/x/deep/new", content: "2" },
        { path: "opt/x/.wh..wh..opq" },
        { path: "lib/through-a-link", content: "2" },
        { path: ".wh.gone" },
        { path: "etc/b", content: "2" },
        { path: "etc/.wh.b" },
      ],
    ]);
    expect(await tree(root)).toEqual(
      [
        ...["etc", "etc/b", "lib", "opt", "opt/x", "opt/x/deep", "opt/x/deep/new", "opt/x/new"],
        ...["usr", "usr/lib", "usr/lib/through-a-link"],
      ].sort(),
    );
    expect(await readFile(join(root, "etc/b"), "utf8")).toBe("2");
  });

  it("SESS-3: kinds of entries replace each other, hard links hold, times and modes are kept", async () => {
    const mtime = new Date("2020-02-02T02:02:02Z");
    const root = await unpacked(await scene(), [
      [
        { path: "dir/in", content: "1" },
        { path: "file", content: "1" },
        { path: "link", type: "SymbolicLink", linkpath: "/file" },
        { path: "one", content: "same", mtime, mode: 0o600 },
        { path: "two", type: "Link", linkpath: "./one" },
        { path: "dev/null", type: "CharacterDevice" },
        { path: "pipe", type: "FIFO" },
      ],
      [
        { path: "dir", content: "a file now" },
        { path: "file/", type: "Directory" },
        { path: "file/in", content: "2" },
        { path: "link", content: "no link any more" },
      ],
      [],
    ]);
    expect(await tree(root)).toEqual(["dir", "file", "file/in", "link", "one", "two"]);
    expect(await readFile(join(root, "link"), "utf8")).toBe("no link any more");
    const [one, two] = await Promise.all([lstat(join(root, "one")), lstat(join(root, "two"))]);
    expect([one.ino, one.mtime, one.mode & 0o777]).toEqual([two.ino, mtime, 0o600]);
  });

  it("SESS-8: links of an image lead nowhere outside of it, whatever they say", async () => {
    const place = await scene();
    const { outside } = place;
    const root = await unpacked(place, [
      [
        { path: "up", type: "SymbolicLink", linkpath: "../../../../../../../../tmp" },
        { path: "abs", type: "SymbolicLink", linkpath: outside },
        { path: "kept", type: "SymbolicLink", linkpath: join(outside, "kept") },
      ],
      [
        { path: "up/planted", content: "inside" },
        { path: "abs/kept", content: "inside" },
        { path: "kept", content: "a file in place of the link" },
        { path: "abs/.wh.kept-not" },
        { path: "hard", type: "Link", linkpath: "abs/kept" },
      ],
      [{ path: "abs/.wh..wh..opq" }],
    ]);
    // Where the links lead inside the root; the scene proves that outside all is as it was.
    expect(await tree(root)).toEqual(expect.arrayContaining(["abs", "hard", "kept", "tmp", "tmp/planted"]));
    expect(await readlink(join(root, "abs"))).toBe(outside);
    expect(await readFile(join(root, "hard"), "utf8")).toBe("inside");
  });

  it.each<[string, LayerEntry[], RegExp]>([
    [
      "a name with ..",
      [{ path: "../outside/planted", content: "x" }],
      /"\.\.\/outside\/planted" leads out of the image/,
    ],
    ["a name with .. in the middle", [{ path: "a/../../outside/kept" }], /leads out of the image/],
    ["a whiteout with ..", [{ path: "../outside/.wh.kept" }], /leads out of the image/],
    ["a whiteout of ..", [{ path: ".wh..." }, { path: ".wh..", content: "" }], /hides nothing/],
    ["a hard link out", [{ path: "h", type: "Link", linkpath: "../outside/kept" }], /leads out of the image/],
    [
      "a hard link to what is outside",
      [{ path: "h", type: "Link", linkpath: "/etc/passwd" }],
      /no file in the image/,
    ],
    [
      "a hard link to a directory",
      [
        { path: "d/", type: "Directory" },
        { path: "h", type: "Link", linkpath: "d" },
      ],
      /no file/,
    ],
    [
      "an entry below a file",
      [{ path: "f", content: "x" }, { path: "f/in" }],
      /f is a file, and there is an entry below/,
    ],
    [
      "links in a circle",
      [
        { path: "a", type: "SymbolicLink", linkpath: "b" },
        { path: "b", type: "SymbolicLink", linkpath: "a" },
        { path: "a/in", content: "x" },
      ],
      /more than 40 links/,
    ],
    ["more than it may have", [{ path: "big", content: Buffer.alloc(1_000_001) }], /more than imageBytes/],
  ])("SESS-3, SESS-8: a layer with %s is refused, and nothing of it stays", async (_, entries, reason) => {
    const place = await scene();
    await expect(unpacked(place, [entries])).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(reason) as string,
    });
    expect(await readdir(place.cache)).toEqual([]);
  });
});

describe("digests", () => {
  const layer = tarOf([{ path: "f", content: "x" }]);

  it("SESS-3: an image is found by its digest, also in an index for several machines", async () => {
    const place = await scene();
    const digest = await writeLayout(place.layout, { layers: [layer], tag: "other", inIndex: true });
    const { root } = await place.files(`example.com/tool@${digest}`);
    expect(await tree(root)).toEqual(["f"]);
    // The tag beside a digest is a comment.
    expect((await place.files(`example.com/tool:ignored@${digest}`)).root).toBe(root);
    const wrong = `sha256:${"0".repeat(64)}`;
    await expect(place.files(`example.com/tool@${wrong}`)).rejects.toThrow(/can't be read \(ENOENT\)/);
  });

  it.each<[string, (layout: string, digest: string) => Promise<unknown>, RegExp]>([
    [
      "manifest",
      (layout, digest) => appendFile(join(layout, "blobs", ...digest.split(":")), " "),
      /was to have the digest sha256:.* and has sha256:.*: copy the image again/,
    ],
    [
      "layer that grew",
      (layout) => largest(layout).then((path) => appendFile(path, "x")),
      /has more than the \d+ bytes that it was to have/,
    ],
    [
      "layer of the same size",
      async (layout) => {
        const path = await largest(layout);
        const bytes = await readFile(path);
        // Behind all that gzip looks at: only the digest tells.
        bytes[4] = (bytes[4] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
      /was to have the digest/,
    ],
  ])("SESS-3: a changed %s is refused, and nothing of it stays", async (_, change, reason) => {
    const place = await scene();
    // Bytes that can't be packed, so that the layer is the largest blob.
    const bytes = randomBytes(4_000);
    const digest = await writeLayout(place.layout, { layers: [tarOf([{ path: "f", content: bytes }])] });
    await change(place.layout, digest);
    await expect(place.files(`example.com/tool@${digest}`)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(reason) as string,
    });
    expect(await readdir(place.cache).catch(() => [])).toEqual([]);
  });

  it("SESS-3: a layer that is not what its configuration says is refused", async () => {
    const place = await scene();
    await writeLayout(place.layout, { layers: [layer], diffIds: [digestOf(Buffer.from("another"))] });
    await expect(place.files("example.com/tool")).rejects.toThrow(
      /the unpacked layer sha256:\S+ was to have the digest/,
    );
  });

  it("SESS-3: an unpacked file system has no digest to check, and says so", async () => {
    const place = await scene();
    await mkdir(place.layout);
    expect(await place.files("example.com/tool:1")).toEqual({
      root: place.layout,
      workingDirectory: "/",
      env: {},
    });
    await expect(place.files(`example.com/tool@sha256:${"a".repeat(64)}`)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(`${configPath}.images["example.com/tool"]`) as string,
    });
  });
});

describe("what is not there", () => {
  const layers = [tarOf([{ path: "f" }])];

  it("SESS-3: an image that is not configured is INVALID_ARGUMENT with the field to set", async () => {
    const place = await scene();
    await expect(place.files("example.com/other")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${asked} names example.com/other:latest, which this runtime has not: add it to ${configPath}.images, or put its image layout into ${configPath}.imageDirectory`,
    });
    await expect(place.files("ubuntu", { imageDirectory: place.folder })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`into ${place.folder}/docker.io/library/ubuntu`) as string,
    });
    await expect(place.files("example.com/tool")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${configPath}.images["example.com/tool"] is ${place.layout}, which is no directory: put the image there`,
    });
  });

  it("SESS-3: the most exact name counts; a directory of layouts is asked last", async () => {
    const place = await scene();
    const roots = ["by-tag", "by-repository", "docker.io/library/tool"].map((name) =>
      join(place.folder, name),
    );
    for (const root of roots) await mkdir(root, { recursive: true });
    const [byTag = "", byRepository = "", inDirectory = ""] = roots;
    const places = { images: { "tool:2": byTag, "other/tool": byRepository }, imageDirectory: place.folder };
    expect((await place.files("docker.io/library/tool:2", places)).root).toBe(byTag);
    expect((await place.files("other/tool:7", places)).root).toBe(byRepository);
    expect((await place.files("tool:3", places)).root).toBe(inDirectory);
    expect(() => place.files("tool", { images: { "tool:2": byTag, "docker.io/tool:2": byTag } })).toThrow(
      `${configPath}.images["docker.io/tool:2"] is the same image as ${configPath}.images["tool:2"]; keep one`,
    );
  });

  it.each<[string, Partial<ImageOptions>, RegExp]>([
    ["another tag", { layers, tag: "2" }, /index\.json has no "1", but 2: ask for what is there/],
    ["another machine", { layers, architecture: "s390x" }, /is for linux\/s390x and this machine is linux\//],
    ["another system", { layers, os: "windows" }, /is for windows\//],
    [
      "a layer that is none",
      { layers, layerType: "application/x-helm" },
      /"application\/x-helm", which is no layer/,
    ],
    ["layers that don't match", { layers, diffIds: [] }, /1 layers and its configuration 0/],
    [
      "a relative working directory",
      { layers, config: { WorkingDir: "app" } },
      /config\.WorkingDir .* not absolute/,
    ],
    ["a broken environment", { layers, config: { Env: [7] } }, /config\.Env .* has no text at 0/],
  ])("SESS-3: a layout with %s is refused with what is wrong", async (_, options, reason) => {
    const place = await scene();
    await writeLayout(place.layout, { layers, ...options });
    await expect(place.files("example.com/tool:1")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(reason) as string,
    });
  });

  it("SESS-3: layers that are not compressed are taken, cut ones and other files are not", async () => {
    const place = await scene();
    const layerType = "application/vnd.oci.image.layer.v1.tar";
    const whole = tarOf([{ path: "f", content: Buffer.alloc(4_000, "x") }]);
    await writeLayout(place.layout, { layers: [whole], layerType, compress: (layer) => layer });
    expect(await tree((await place.files("example.com/tool")).root)).toEqual(["f"]);
    for (const broken of [whole.subarray(0, 2_048), Buffer.from("no archive at all")]) {
      await rm(place.layout, { recursive: true });
      await writeLayout(place.layout, { layers: [broken], layerType, compress: (layer) => layer });
      await expect(place.files("example.com/tool")).rejects.toThrow(/can't be unpacked/);
    }
  });
});

async function largest(layout: string): Promise<string> {
  const folder = join(layout, "blobs/sha256");
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, size: (await lstat(join(folder, name))).size })),
  );
  return join(folder, sizes.sort((a, b) => b.size - a.size)[0]?.name ?? "");
}
