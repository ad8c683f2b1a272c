import { describe, expect, it } from "vitest";
import { formatDialTarget, parseDialTarget, parseHostDialTarget } from "../../src/index.js";

describe("unusual hosts", () => {
  it.each([
    "tcp://[fe80::1%eth0]:80",
    "tls://xn--bcher-kva.example:443",
    "tcp://localhost:80",
    "tcp://[::ffff:127.0.0.1]:1",
    "tcp://10.0.0.0:1",
  ])("DIAL-1: %s is read, given to a host, and written back", (text) => {
    expect(formatDialTarget(parseHostDialTarget(text))).toBe(text);
  });

  it.each([
    "tcp://[::%eth0]:80",
    "tcp://[::ffff:0:0]:80",
    "tcp://[::0.0.0.0]:80",
    "tcp://[0::0]:80",
    "tcp://00.0x0:80",
  ])("DIAL-5: %s is an unspecified address too", (text) => {
    const target = parseDialTarget(text);
    const { type, port } = target as { type: string; port: number };
    expect(() => parseHostDialTarget(text)).toThrow(
      `dial target "${text}" names an unspecified address, which can be listened on but not dialled; name an address on which the host reaches it, such as ${type}://127.0.0.1:${port}`,
    );
  });

  it.each([
    ["tcp://[::1]", "has no port"],
    ["tcp://[::1]:", "has no port"],
    ["tcp://", "has no port"],
    ["tcp://a:", "has no port"],
    ["tcp://a:b", "has no port"],
    ["tcp://a:-1", "has no port"],
    ["tcp://[]:80", 'has "" in brackets; only an IPv6 address stands in brackets'],
    ["tcp://[1.2.3.4]:80", 'has "1.2.3.4" in brackets; only an IPv6 address stands in brackets'],
    ["tcp://a:99999999999999999999", "a port is 1 to 65535"],
    ["tcp://a:80#x", "has a path or a query after the port"],
    ["tcp://a:80\n", "has white space in it"],
    ["unix://", "has a relative path"],
    ["unix://./p.sock", "has a relative path"],
    ["unix-abstract:///p", 'has the scheme "unix-abstract"'],
    ["dns:///a:80", 'has the scheme "dns"'],
  ])("DIAL-1: %j is refused: %s", (text, fault) => {
    expect(() => parseDialTarget(text)).toThrow(fault);
  });
});
