const password = /(\/\/[^/?#\s@:]*):[^/?#\s@]+@/g;
const webToken = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const secretName = /(token|secret|password|api_?key|credentials?|authorization|docker_?config_?json)$/i;

/** Takes out what looks like a secret: passwords in URLs, and web tokens such as the host's own. */
export function redactShapes(text: string): string {
  return text.replace(webToken, "[redacted]").replace(password, "$1:[redacted]@");
}

/** Whether a field's or a variable's name says that its value is a secret. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}
