import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.mjs";

/** @typedef {{ cwd?: string, env?: Record<string, string | undefined>, shell?: boolean }} Options */

/**
 * Runs a program whose output is of interest only when it fails; the error then holds all of it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @returns {Promise<string>} its stdout
 */
export function quietly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...defaults(options), stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let all = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (all += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(new Error(`${[program, ...args].join(" ")} ended with ${signal ?? code}\n${all.trimEnd()}`));
    });
  });
}

/**
 * Runs a program before the reader's eyes.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @returns {Promise<number>} its exit code; 128 and the signal's number, as shells count, when one ended it
 */
export function openly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...defaults(options), stdio: "inherit" });
    // Ctrl-C reaches the child as well: it decides how to end, and this one waits for it.
    const wait = () => undefined;
    process.on("SIGINT", wait);
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", wait).off("SIGTERM", pass);
      resolve(code ?? 128 + (signalNumbers[signal ?? ""] ?? 0));
    });
  });
}

/**
 * Runs a program of this repository with this Node.js.
 *
 * @param {readonly string[]} args its path from the repository's folder, and its arguments
 */
export function runNode(args) {
  return openly(process.execPath, args);
}

/**
 * Runs a program that the installed packages brought, before the reader's eyes.
 *
 * @param {string} name
 * @param {readonly string[]} args
 */
export function runTool(name, args) {
  return openly(tool(name), args);
}

/** A program that the installed packages brought. @param {string} name */
export function tool(name) {
  return join(root, "node_modules", ".bin", name);
}

/** @type {Record<string, number>} */
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

/** @param {Options} options */
function defaults({ cwd = root, env = {}, shell = false }) {
  // npm says on every start what it does not know in the user's settings: that is not about this project.
  return { cwd, shell, env: { ...process.env, npm_config_loglevel: "error", ...env } };
}
