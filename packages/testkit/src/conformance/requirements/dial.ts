import type { Requirement } from "./requirement.js";

export const dialRequirements: readonly Requirement[] = [
  {
    id: "DIAL-1",
    level: "MUST",
    area: "dial",
    when: ["hosts-plugins"],
    text: "A dial target is unix:// with an absolute path, or tcp:// or tls:// with host and port, IPv6 in brackets; nothing else and nothing after it.",
  },
  {
    id: "DIAL-2",
    level: "MUST",
    area: "dial",
    when: ["hosts-plugins"],
    text: "A Unix path fits a socket's address: 107 bytes on Linux, 103 on macOS.",
  },
  {
    id: "DIAL-3",
    level: "MUST",
    area: "dial",
    when: ["hosts-plugins"],
    text: "A tls:// target shows a certificate for its host that the host's roots verify, speaks TLS 1.2 or newer and agrees on h2.",
  },
  {
    id: "DIAL-4",
    level: "MUST",
    area: "dial",
    when: ["hosts-plugins"],
    text: "The plugin's listener takes the authority that the host sends: localhost for Unix, host and port for tcp, the host alone for tls.",
  },
  {
    id: "DIAL-5",
    level: "MUST",
    area: "dial",
    when: ["hosts-plugins"],
    text: "No target names an unspecified address such as 0.0.0.0 or [::].",
  },
];
