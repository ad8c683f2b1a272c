import { expect, test } from "@jest/globals";
import { hosted } from "./hosted.mjs";

test("a plugin is hosted", async () => {
  expect(await hosted()).toMatchObject({ status: 200, body: '{"by":"a test"}' });
}, 60_000);
