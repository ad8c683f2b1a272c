/** Random policies and hosts that are close to them: what a random text would never hit. */

export interface HostCase {
  readonly allowed: readonly string[];
  readonly action: string;
  readonly host: string;
}

const names = [
  "allowed.test",
  "wild.test",
  "a.wild.test",
  "xn--bcher-kva.wild.test",
  "bücher.wild.test",
  "BÜCHER.wild.test",
  "under_score.test",
  "localhost",
  "com",
  "中文.test",
  "kelvin.test",
  "-dash-.test",
];
const addresses = [
  "127.0.0.1",
  "10.1.2.3",
  "169.254.169.254",
  "0.0.0.0",
  "255.255.255.255",
  "8.8.8.8",
  "::1",
  "fe80::1",
  "2001:db8::ff00:42",
  "64:ff9b::7f00:1",
  "::ffff:10.1.2.3",
  "::",
];
const oddities = [
  "",
  ".",
  "..",
  "*",
  "*.",
  "*.*",
  "*.test",
  "%00",
  "a\0b",
  "a b",
  "a\tb",
  "a\nb",
  "a/b",
  "a@b",
  "1.2.3.4.5",
  "256.1.1.1",
  "4294967296",
  "09.1.1.1",
  "foo.1",
  "foo.0x1f",
  "[::1",
  "::1]",
  "[127.0.0.1]",
  "fe80::1%lo",
  "[fe80::1%25lo]",
  "http://allowed.test",
  "allowed.test/path",
  "a..test",
  ".allowed.test",
  `${"l".repeat(64)}.test`,
  `${"l.".repeat(130)}test`,
  "ａ．ｂ",
  "⒈test",
  "℀.test",
  "／.test",
  "é.test",
];

/** Deterministic, so that what failed once fails again. */
export class RandomHosts {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** `count` cases, some with the same policy. */
  cases(count: number, casesPerPolicy = 25): HostCase[] {
    const found: HostCase[] = [];
    while (found.length < count) {
      const allowed = Array.from({ length: this.#below(5) }, () => this.#pattern());
      const action = this.#pick(["", "allow", "deny"]);
      for (let index = 0; index < casesPerPolicy && found.length < count; index += 1)
        found.push({ allowed, action, host: this.#host(allowed) });
    }
    return found;
  }

  #below(limit: number): number {
    // The low digits of such a generator are poor.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  #pick<Value>(values: readonly Value[]): Value {
    const value = values[this.#below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }

  #pattern(): string {
    const base =
      this.#below(10) === 0 ? this.#pick(oddities) : this.#pick([...names, ...names, ...addresses]);
    const spelled = this.#below(3) === 0 ? this.#respell(base) : base;
    return (
      [spelled, spelled, `*.${spelled}`, `*.${spelled}`, `${spelled}:443`, `*${spelled}`][this.#below(6)] ??
      ""
    );
  }

  #host(allowed: readonly string[]): string {
    const near =
      allowed.length > 0 && this.#below(3) > 0 ? this.#pick(allowed).replace(/^\*\.?/, "") : undefined;
    const base = near ?? this.#pick([...names, ...addresses, ...oddities]);
    const moved =
      [base, base, `x.${base}`, `a.b.${base}`, `x${base}`, `${base}.evil.test`][this.#below(7)] ?? "";
    const spelled = this.#below(2) === 0 ? this.#respell(moved) : moved;
    return (
      spelled +
      (this.#below(3) > 0 ? "" : this.#pick([".", ".", ":443", ":443", ":", ":99999", "..", ":x", " "]))
    );
  }

  #respell(host: string): string {
    const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1).map(Number);
    if (octets !== undefined) return this.#respellIPv4(octets);
    if (/^[\da-f:.]+$/.test(host) && host.includes(":")) return this.#respellIPv6(host);
    return Array.from(host, (sign) => this.#respellSign(sign)).join("");
  }

  #respellSign(sign: string): string {
    if (this.#below(4) > 0) return sign;
    const code = sign.codePointAt(0) ?? 0;
    const wide = code > 0x20 && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : sign;
    if (sign === ".") return this.#pick([".", "。", "．", "｡", "․"]);
    if (sign === "k") return this.#pick(["K", "\u212a", "ⓚ"]);
    if (sign === "s") return this.#pick(["S", "ſ", "ⓢ"]);
    return this.#pick([sign.toUpperCase(), wide, `${sign}\u00ad`, sign]);
  }

  #respellIPv4([a = 0, b = 0, c = 0, d = 0]: number[]): string {
    const number = (value: number): string =>
      this.#pick([
        String(value),
        `0x${value.toString(16)}`,
        `0X${value.toString(16).toUpperCase()}`,
        `0${value.toString(8)}`,
        `0x000${value.toString(16)}`,
      ]);
    const tail = (c << 8) | d;
    const whole = ((a << 24) | (b << 16) | tail) >>> 0;
    const hex = (value: number): string => value.toString(16);
    return this.#pick([
      [a, b, c, d].map(number).join("."),
      [a, b, tail].map(number).join("."),
      [a, whole & 0xffffff].map(number).join("."),
      number(whole),
      `[::ffff:${a}.${b}.${c}.${d}]`,
      `::FFFF:${hex((a << 8) | b)}:${hex(tail)}`,
      `0:0:0:0:0:ffff:${hex((a << 8) | b)}:${hex(tail)}`,
      [a, b, c, d].join("。"),
      Array.from(`${a}.${b}.${c}.${d}`, (sign) => this.#respellSign(sign)).join(""),
      `${whole}.`,
    ]);
  }

  #respellIPv6(host: string): string {
    return this.#pick([
      `[${host}]`,
      host.toUpperCase(),
      `[${host}]:443`,
      host.replace("::", "::0:"),
      host.replace(/^::/, "0::"),
      `[${host.replace("::", ":0::")}]`,
      `${host}%lo`,
    ]);
  }
}
