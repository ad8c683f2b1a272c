// Says what CI's run came to, from the two reports; exits with 1 unless all is well.
import { readFileSync } from "node:fs";
import { closingLine, countResults } from "./lib/ci-count.mjs";

const [tests, checks] = process.argv.slice(2).map(read);
const count = countResults(tests, checks);
for (const fault of count.faults) console.log(`failed: ${fault}`);
console.log(closingLine(count));
process.exitCode = count.failed === 0 ? 0 : 1;

/** @param {string} path @returns {unknown} */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
