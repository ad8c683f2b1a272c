import { inspect } from "node:util";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/*
 * What the checks of the border share. A wrong answer is the author's fault, so it becomes INTERNAL, with a
 * text for the author.
 */

export function wrong(message: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError("INTERNAL", `the provider gave a wrong answer: ${message}`, { cause });
}

/** A value as an author recognises it, and never longer than a line. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  return inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 200 });
}

export function checkObject(value: unknown, where: string): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw wrong(`${where} ${show(value)}; it is an object`);
}

export function checkText(value: unknown, where: string): void {
  if (typeof value !== "string") throw wrong(`${where} ${show(value)}; it is a string`);
}

export function checkId(id: unknown, where: string): void {
  if (typeof id !== "string" || id === "")
    throw wrong(`${where} the id ${show(id)}; it is a non-empty string`);
}

export function checkSame(given: unknown, asked: string, where: string): void {
  if (given !== undefined && given !== asked)
    throw wrong(`${where} ${show(given)}, but ${show(asked)} was asked for`);
}

/** What is wrong with a map of texts; undefined where nothing is. */
export function textsFault(map: unknown): string | undefined {
  if (typeof map !== "object" || map === null || Array.isArray(map)) return `${show(map)}; it is an object`;
  for (const key of Object.keys(map)) {
    const value = (map as Record<string, unknown>)[key];
    if (typeof value !== "string") return `${show(key)} = ${show(value)}; it is a string`;
  }
  return undefined;
}
