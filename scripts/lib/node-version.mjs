import { readRootPackage } from "./root.mjs";

/** Throws, saying what to install, when this Node.js is older than package.json's `engines` ask for. */
export function assertNodeVersion(version = process.versions.node) {
  const wanted = /^>=(\d+)\.(\d+)$/.exec(readRootPackage().engines.node);
  if (wanted === null) throw new Error("package.json: engines.node must look like >=20.19");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.slice(1).map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(
    `this is Node.js ${version}; ${wantedMajor}.${wantedMinor} or newer is needed: install it and run this again`,
  );
}
