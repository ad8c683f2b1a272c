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

export function checkObject(value: unknown, where: string | (() => string)): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw wrong(`${typeof where === "string" ? where : where()} ${show(value)}; it is an object`);
}

/** `where` is asked for only when there is something to say: this is on the hot path (SESS-5). */
export function checkText(value: unknown, where: () => string): void {
  if (typeof value !== "string") throw wrong(`${where()} ${show(value)}; it is a string`);
}

export function checkId(id: unknown, where: string): void {
  if (typeof id !== "string" || id === "")
    throw wrong(`${where} the id ${show(id)}; it is a non-empty string`);
}

export function checkSame(given: unknown, asked: string, where: string): void {
  if (given !== undefined && given !== asked)
    throw wrong(`${where} ${show(given)}, but ${show(asked)} was asked for`);
}

/** All values of a map are text. */
export function checkTexts(map: object, where: () => string): void {
  checkObject(map, where);
  for (const key of Object.keys(map))
    checkText((map as Record<string, unknown>)[key], () => `${where()} ${show(key)} =`);
}
