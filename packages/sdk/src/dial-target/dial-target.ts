import { isIPv6 } from "node:net";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** Where a gRPC server is reached: a Unix socket, plaintext TCP, or TLS over TCP (DIAL-1). */
export type DialTarget =
  | {
      readonly type: "unix";
      /** Absolute. */
      readonly path: string;
    }
  | {
      /** `"tls"` where the host verifies a certificate for `host` (DIAL-3). */
      readonly type: "tcp" | "tls";
      /** A name or an address; IPv6 without brackets. */
      readonly host: string;
      /** 1 to 65535. */
      readonly port: number;
    };

/** The longest path that fits `sockaddr_un`, in bytes: 103 on macOS, 107 elsewhere (DIAL-2). */
export const maxUnixPathBytes = process.platform === "darwin" ? 103 : 107;

/**
 * Reads a dial target: `unix:///absolute/path`, `tcp://host:port` or `tls://host:port`, IPv6 hosts in brackets.
 *
 * @param field the name of the field that held the text; it begins the message of the error
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT, saying what is wrong and what to write (DIAL-1, DIAL-2)
 */
export function parseDialTarget(text: string, field = "dial target"): DialTarget {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (text === "")
    throw fault(field, text, "is empty", "write unix:///path, tcp://host:port or tls://host:port");
  if (scheme === undefined)
    throw fault(
      field,
      text,
      "has no scheme",
      text.startsWith("/")
        ? `write unix://${text}`
        : "write unix:///path, tcp://host:port or tls://host:port",
    );
  const rest = text.slice(scheme.length + 3);
  if (scheme === "unix") return { type: "unix", path: unixPath(rest, text, field) };
  if (scheme === "tcp" || scheme === "tls")
    return { type: scheme, ...hostAndPort(rest, scheme, text, field) };
  throw fault(
    field,
    text,
    `has the scheme "${scheme}"`,
    "only unix, tcp and tls (in lower case) can be dialled",
  );
}

/** The text of a dial target; an IPv6 host gets its brackets. */
export function formatDialTarget(target: DialTarget): string {
  if (target.type === "unix") return `unix://${target.path}`;
  return `${target.type}://${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
}

/**
 * Checks that a target can be given to the host: parseable, and no unspecified address such as `0.0.0.0`,
 * which a server listens on but nobody can dial (DIAL-5).
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT
 */
export function parseHostDialTarget(text: string, field = "dial target"): DialTarget {
  const target = parseDialTarget(text, field);
  if (target.type !== "unix" && isUnspecified(target.host))
    throw fault(
      field,
      text,
      "names an unspecified address, which can be listened on but not dialled",
      `name an address on which the host reaches it, such as ${target.type}://127.0.0.1:${target.port}`,
    );
  return target;
}

function unixPath(path: string, text: string, field: string): string {
  if (!path.startsWith("/"))
    throw fault(
      field,
      text,
      "has a relative path",
      "write unix:// and an absolute path, as in unix:///run/p.sock",
    );
  if (path.includes("\0")) throw fault(field, text, "has a NUL byte in its path", "take it out");
  const bytes = Buffer.byteLength(path);
  if (bytes > maxUnixPathBytes)
    throw fault(
      field,
      text,
      `has a path of ${bytes} bytes, more than the ${maxUnixPathBytes} that a Unix socket's address holds`,
      "use a shorter directory",
    );
  return path;
}

function hostAndPort(
  rest: string,
  scheme: string,
  text: string,
  field: string,
): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:[\]/?#@\s]*)):(\d+)$/.exec(rest);
  if (match === null)
    throw fault(field, text, hostPortFault(rest), `write ${scheme}://host:port and nothing after it`);
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535)
    throw fault(field, text, `has the port ${String(digits)}`, "a port is 1 to 65535");
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw fault(field, text, `has "${bracketed}" in brackets`, "only an IPv6 address stands in brackets");
  const host = bracketed ?? plain ?? "";
  if (host === "") throw fault(field, text, "has no host", `write ${scheme}://host:${port}`);
  return { host, port };
}

function hostPortFault(rest: string): string {
  if (/[/?#]/.test(rest)) return "has a path or a query after the port";
  if (rest.includes("@")) return "has credentials in it";
  if (/\s/.test(rest)) return "has white space in it";
  if (!rest.startsWith("[") && (rest.match(/:/g)?.length ?? 0) > 1)
    return "has an IPv6 host without brackets, or more than one port";
  return "has no port";
}

function isUnspecified(host: string): boolean {
  if (isIPv6(host)) {
    // A URL's host has one spelling for each address, and no zone.
    const { hostname } = new URL(`http://[${host.replace(/%.*$/, "")}]`);
    return hostname === "[::]" || hostname === "[::ffff:0:0]";
  }
  return /^(0+|0x0+)(\.(0+|0x0+)){0,3}$/i.test(host);
}

function fault(field: string, text: string, what: string, mend: string): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", `${field} ${JSON.stringify(text)} ${what}; ${mend}`);
}
