import assert from "node:assert/strict";
import { test } from "node:test";
import { hosted } from "./hosted.mjs";

test("a plugin is hosted", async () => {
  assert.equal((await hosted()).body, '{"by":"a test"}');
});
