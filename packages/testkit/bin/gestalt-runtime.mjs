#!/usr/bin/env node
// Committed, not built: pnpm links no command whose file is missing when it installs.
import { existsSync } from "node:fs";

const built = new URL("../dist/cli.js", import.meta.url);
if (existsSync(built)) {
  const { runCommandLine } = await import(built.href);
  process.exitCode = await runCommandLine(process.argv.slice(2));
} else {
  console.error(
    "gestalt-runtime: @gestalt-runtime/testkit is not built: build first (in its repository: npm run build)",
  );
  process.exitCode = 2;
}
