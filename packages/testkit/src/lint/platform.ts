/** The operating systems and processors that the host's platforms are made of, by their Go names. */
export const operatingSystems = ["linux", "darwin", "windows"] as const;
export const architectures = ["amd64", "arm64"] as const;

export type OperatingSystem = (typeof operatingSystems)[number];
export type Architecture = (typeof architectures)[number];

/** For example `{ os: "linux", arch: "amd64" }`. */
export interface Platform {
  /** `linux`, `darwin` or `windows`. */
  readonly os: OperatingSystem;
  /** `amd64` or `arm64`. */
  readonly arch: Architecture;
}

const otherNames: Readonly<Record<string, OperatingSystem | Architecture>> = {
  macos: "darwin",
  osx: "darwin",
  mac: "darwin",
  win32: "windows",
  win: "windows",
  x64: "amd64",
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armv8: "arm64",
};

/** The Go name of what Node.js or a package manager calls it otherwise; undefined for what is neither. */
export function goName(name: string): OperatingSystem | Architecture | undefined {
  const lower = name.toLowerCase();
  const known = [...operatingSystems, ...architectures].find((candidate) => candidate === lower);
  return known ?? (Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined);
}

export function isOperatingSystem(name: string): name is OperatingSystem {
  return (operatingSystems as readonly string[]).includes(name);
}

export function isArchitecture(name: string): name is Architecture {
  return (architectures as readonly string[]).includes(name);
}

export function formatPlatform({ os, arch }: Platform): string {
  return `${os}/${arch}`;
}

/** `linux/amd64` in parts; undefined for anything else. */
export function parsePlatform(text: string): Platform | undefined {
  const [os = "", arch = "", ...rest] = text.split("/");
  return rest.length === 0 && isOperatingSystem(os) && isArchitecture(arch) ? { os, arch } : undefined;
}

/** This machine's; linux/amd64 on a machine that no package is made for. */
export function currentPlatform(): Platform {
  const os = goName(process.platform) ?? "linux";
  const arch = goName(process.arch) ?? "amd64";
  return { os: isOperatingSystem(os) ? os : "linux", arch: isArchitecture(arch) ? arch : "amd64" };
}
