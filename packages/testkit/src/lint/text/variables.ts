/**
 * A config's text with every `${NAME}` and `${NAME:-default}` as plain text of the same length.
 *
 * The host fills them in before it reads the YAML, so they stand where YAML itself would take a brace for a map.
 */
export function maskVariables(text: string): string {
  return text.replace(/\$\{(\w[^{}\n]*)\}/g, "$($1)");
}

/** Whether a value is `{ secret: ... }`, in whose place the host puts the secret. */
export function isSecret(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).length === 1 &&
    Object.hasOwn(value, "secret")
  );
}

/** Whether the host puts something of its environment into a text, and so knows alone what it is. */
export function isOpen(text: string): boolean {
  return /\$[({]\w/.test(text);
}
