import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/**
 * Reads an operation's parameters as they are typed: one JSON object, or `name=value` with spaces between. A value
 * that is JSON is taken as such, any other as text; quotes hold spaces together.
 *
 * @throws Error that says what is wrong and what to write
 */
export function parseParams(text: string): JsonObject {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (trimmed.startsWith("{")) return parseObject(trimmed);
  const params: JsonObject = {};
  for (const word of words(trimmed)) {
    const at = word.indexOf("=");
    if (at < 1)
      throw new Error(
        `${JSON.stringify(word)} is no parameter; write name=value, or all of them as one JSON object`,
      );
    params[word.slice(0, at)] = parseValue(word.slice(at + 1));
  }
  return params;
}

/** @throws Error */
export function parseObject(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new Error(`the parameters are no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Error(`the parameters must be a JSON object, such as {"key": "value"}`);
}

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return unquoted(text);
  }
}

/** Splits at spaces that stand outside of quotes and brackets. */
function words(text: string): string[] {
  const found: string[] = [];
  let word = "";
  let quote = "";
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote !== "") {
      if (char === "\\") {
        word += char + text.charAt(index + 1);
        index += 1;
        continue;
      }
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    else if (/\s/.test(char) && depth <= 0) {
      if (word !== "") found.push(word);
      word = "";
      continue;
    }
    word += char;
  }
  if (quote !== "") throw new Error(`a quote is not closed: ${word}; end it with ${quote}`);
  if (word !== "") found.push(word);
  return found;
}

function unquoted(text: string): string {
  const match = /^'([^]*)'$/.exec(text);
  return match?.[1] ?? text;
}
