import { describe, expect, it } from "vitest";
import {
  formatDialTarget,
  maxUnixPathBytes,
  parseDialTarget,
  parseHostDialTarget,
  RuntimeProviderError,
} from "../../src/index.js";

const anyForm = "write unix:///path, tcp://host:port or tls://host:port";
const long = `/${"a".repeat(maxUnixPathBytes)}`;

describe("parseDialTarget", () => {
  it.each([
    ["unix:///run/p.sock", { type: "unix", path: "/run/p.sock" }],
    ["unix:///with space/ü%20.sock", { type: "unix", path: "/with space/ü%20.sock" }],
    [
      `unix:///${"a".repeat(maxUnixPathBytes - 1)}`,
      { type: "unix", path: `/${"a".repeat(maxUnixPathBytes - 1)}` },
    ],
    ["tcp://127.0.0.1:1", { type: "tcp", host: "127.0.0.1", port: 1 }],
    ["tls://gestalt.example.com:65535", { type: "tls", host: "gestalt.example.com", port: 65_535 }],
    ["tcp://[::1]:4000", { type: "tcp", host: "::1", port: 4_000 }],
  ] as const)("DIAL-1, DIAL-2: reads %s and writes it back", (text, target) => {
    expect(parseDialTarget(text)).toEqual(target);
    expect(formatDialTarget(target)).toBe(text);
    expect(parseHostDialTarget(text)).toEqual(target);
  });

  it.each([
    ["", `is empty; ${anyForm}`],
    ["/run/p.sock", "has no scheme; write unix:///run/p.sock"],
    ["p.sock", `has no scheme; ${anyForm}`],
    ["unix:/run/p.sock", `has no scheme; ${anyForm}`],
    ["http://a:1", 'has the scheme "http"; only unix, tcp and tls (in lower case) can be dialled'],
    ["TCP://a:1", 'has the scheme "TCP"; only unix, tcp and tls (in lower case) can be dialled'],
    [
      "unix://run/p.sock",
      "has a relative path; write unix:// and an absolute path, as in unix:///run/p.sock",
    ],
    ["unix:///a\0b", "has a NUL byte in its path; take it out"],
    ["tcp://a", "has no port; write tcp://host:port and nothing after it"],
    ["tcp://:80", "has no host; write tcp://host:80"],
    ["tcp://a:0", "has the port 0; a port is 1 to 65535"],
    ["tls://a:65536", "has the port 65536; a port is 1 to 65535"],
    ["tcp://a:80/", "has a path or a query after the port; write tcp://host:port and nothing after it"],
    ["tls://a:80?x=1", "has a path or a query after the port; write tls://host:port and nothing after it"],
    ["tcp://u:p@a:80", "has credentials in it; write tcp://host:port and nothing after it"],
    [
      "tcp://::1:80",
      "has an IPv6 host without brackets, or more than one port; write tcp://host:port and nothing after it",
    ],
    ["tcp://[a]:80", 'has "a" in brackets; only an IPv6 address stands in brackets'],
    ["tcp://a b:80", "has white space in it; write tcp://host:port and nothing after it"],
  ])("DIAL-1: refuses %j with the fault and its mend", (text, message) => {
    expect(() => parseDialTarget(text, "dial_target")).toThrow(
      new RuntimeProviderError("INVALID_ARGUMENT", `dial_target ${JSON.stringify(text)} ${message}`),
    );
  });

  it("DIAL-2: refuses a path that no socket address holds", () => {
    expect(() => parseDialTarget(`unix://${long}`)).toThrow(
      `has a path of ${maxUnixPathBytes + 1} bytes, more than the ${maxUnixPathBytes} that a Unix socket's address holds; use a shorter directory`,
    );
  });

  it.each([
    "tcp://0.0.0.0:80",
    "tls://[::]:80",
    "tcp://0:80",
    "tcp://[0:0:0:0:0:0:0:0]:80",
    "tcp://[::ffff:0.0.0.0]:80",
    "tcp://0x0.0.0.0:80",
  ])("DIAL-5: %s can be parsed, but is not given to a host", (text) => {
    parseDialTarget(text);
    expect(() => parseHostDialTarget(text)).toThrow(
      /names an unspecified address, which can be listened on but not dialled/,
    );
  });
});
