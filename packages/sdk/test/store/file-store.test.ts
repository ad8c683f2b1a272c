import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "vitest";
import { fileSessionStore } from "../../src/store/index.js";
import { itIsAStore } from "./contract.js";

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "gst-s-"));
  directory = join(parent, "state");
});

afterEach(async () => {
  const left = await readdir(parent);
  await rm(parent, { recursive: true, force: true });
  expect(left, "left in the directory").toEqual([]);
});

describe("fileSessionStore", () => itIsAStore(() => fileSessionStore(directory, { removeDirectory: true })));
