/** What fits sockaddr_un on Linux (DIAL-2). */
export const maxUnixPathBytes = 107;

/**
 * Takes apart an address as the host writes it (DIAL-1).
 *
 * @param {string} text
 * @returns {{ scheme: "unix" | "tcp" | "tls", address: string }} the path of a socket, or host:port
 * @throws Error with a text that follows the field's name
 */
export function parseTarget(text) {
  const shown = JSON.stringify(text);
  const [, scheme, address] = /^([^:]*):\/\/([^]*)$/.exec(text) ?? [];
  if (scheme === undefined)
    throw new Error(`${shown} has no scheme; write unix:///path, tcp://host:port or tls://host:port`);
  if (scheme === "unix") {
    if (!address.startsWith("/") || address.includes("\0") || Buffer.byteLength(address) > maxUnixPathBytes)
      throw new Error(`${shown} must hold an absolute path of at most ${maxUnixPathBytes} bytes`);
  } else if (scheme === "tcp" || scheme === "tls") {
    const [, port] = /^(?:\[[\da-f:.]+\]|[^\s[\]:/?#@]+):(\d{1,5})$/i.exec(address) ?? [];
    if (port === undefined) throw new Error(`${shown} must be ${scheme}://host:port and nothing more`);
    if (Number(port) < 1 || Number(port) > 65_535) throw new Error(`${shown} needs a port from 1 to 65535`);
  } else throw new Error(`${shown} has the scheme "${scheme}"; write unix, tcp or tls`);
  return { scheme, address };
}
