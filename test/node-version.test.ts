import { expect, it } from "vitest";
import { assertNodeVersion } from "../scripts/lib/node-version.mjs";

it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("takes Node.js %s", (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow();
});

it.each(["20.18.3", "18.20.8", "19.99.0"])("refuses Node.js %s, saying what to do", (version) => {
  expect(() => assertNodeVersion(version)).toThrow(
    `this is Node.js ${version}; 20.19 or newer is needed: install it and run this again`,
  );
});
