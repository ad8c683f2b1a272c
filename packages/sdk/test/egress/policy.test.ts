import { describe, expect, it } from "vitest";
import { canonicalHost, egressPolicy, enforcesEgress, RuntimeProviderError } from "../../src/index.js";
import { oracleOpinions } from "./oracle.js";
import { RandomHosts } from "./random-hosts.js";

const list = (...allowedHosts: string[]): ReturnType<typeof egressPolicy> =>
  egressPolicy({ allowedHosts, defaultAction: "" });

describe("egressPolicy", () => {
  it("EGR-1: a listed name is allowed, in any case, with a dot at its end, with any port", () => {
    const policy = list("Allowed.Test.");
    for (const host of [
      "allowed.test",
      "ALLOWED.test",
      "allowed.test.",
      "allowed.test:443",
      "allowed.test.:8080",
    ])
      expect([host, policy.allows(host)]).toEqual([host, true]);
    for (const host of [
      "allowed.test..",
      "xallowed.test",
      "x.allowed.test",
      "allowed.test.evil.test",
      "allowed.tes",
      "test",
      ".allowed.test",
      "",
      ".",
    ])
      expect([host, policy.allows(host)]).toEqual([host, false]);
  });

  it("EGR-1: *.suffix stands for all names below it and not for itself", () => {
    const policy = list("*.Wild.test");
    expect(["x.wild.test", "a.b.wild.test", "X.WILD.TEST.", "x.wild.test:1"].every(policy.allows)).toBe(true);
    expect(
      ["wild.test", "xwild.test", ".wild.test", "x.wild.test.evil", "x..wild.test"].some(policy.allows),
    ).toBe(false);
  });

  it("EGR-1: with an empty list the action decides; what is no host is never allowed", () => {
    for (const defaultAction of ["", "allow"]) {
      const open = egressPolicy({ allowedHosts: [], defaultAction });
      expect(open.needsEnforcement).toBe(false);
      expect(["any.test", "127.0.0.1", "[::1]:80"].every(open.allows)).toBe(true);
      expect(["", "a b", "a/b", "a@b", "a\0b", "a:b:c"].some(open.allows)).toBe(false);
    }
    const closed = egressPolicy({ allowedHosts: [], defaultAction: "deny" });
    expect(closed.needsEnforcement).toBe(true);
    expect(closed.allows("any.test")).toBe(false);
  });

  it("EGR-1: with a list the action says nothing", () => {
    for (const defaultAction of ["", "allow", "deny"]) {
      const policy = egressPolicy({ allowedHosts: ["a.test"], defaultAction });
      expect(policy).toMatchObject({ needsEnforcement: true, unmatchable: [] });
      expect([policy.allows("a.test"), policy.allows("b.test")]).toEqual([true, false]);
    }
  });

  it("EGR-1: patterns that match nothing match nothing, and are named", () => {
    const never = [
      "*",
      "",
      "*.",
      "*.*",
      "a.*",
      "allowed.test:443",
      "http://allowed.test",
      "*allowed.test",
      "*.1",
      " a",
    ];
    const policy = list(...never);
    expect(policy.unmatchable).toEqual(never);
    expect(policy.needsEnforcement).toBe(true);
    for (const host of ["allowed.test", "x.allowed.test", "a.b", "0.0.0.1", "*", "x.0.0.0.1"])
      expect([host, policy.allows(host)]).toEqual([host, false]);
  });

  it("EGR-1: international names are the same in both forms, on the list and in the request", () => {
    for (const entry of ["bücher.test", "xn--bcher-kva.test", "BÜCHER.test", "bu\u0308cher.test"])
      for (const host of ["bücher.test", "xn--bcher-kva.test", "XN--BCHER-KVA.TEST", "ｂücher．test"])
        expect([entry, host, list(entry).allows(host)]).toEqual([entry, host, true]);
    expect(list("*.test").allows("bücher。test")).toBe(true);
    expect(list("kelvin.test").allows("\u212aelvin.test")).toBe(true);
    expect(list("allowed.test").allows("allowed.tеst")).toBe(false);
  });

  it.each([
    [
      "127.0.0.1",
      [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
      ],
    ],
    ["127.0.0.1", ["[::ffff:127.0.0.1]", "::ffff:7f00:1", "[0:0:0:0:0:FFFF:127.0.0.1]:443"]],
    ["0.0.0.0", ["0", "0x", "0.0", "00.0x0.0.0"]],
    ["::1", ["[::1]", "0:0:0:0:0:0:0:1", "[0::1]:80", "::0.0.0.1"]],
    ["2001:db8::1", ["2001:DB8::1", "[2001:0db8:0:0::0001]"]],
  ])("EGR-1: the address %s is itself in all its spellings", (address, spellings) => {
    for (const spelling of [address, ...spellings]) {
      expect([spelling, list(address).allows(spelling)]).toEqual([spelling, true]);
      expect([spelling, list("allowed.test", "*.test", "*.1", "*").allows(spelling)]).toEqual([
        spelling,
        false,
      ]);
      if (!/:\d+$/.test(spelling.replace(/^[^[]*$/, ""))) expect(list(spelling).allows(address)).toBe(true);
    }
  });

  it("EGR-1: a zone makes an address that no policy knows", () => {
    for (const host of ["fe80::1%lo", "[fe80::1%25lo]", "[fe80::1%lo]:80"]) {
      expect(list("fe80::1", host).allows(host)).toBe(false);
      expect(egressPolicy({ allowedHosts: [], defaultAction: "allow" }).allows(host)).toBe(false);
    }
  });

  it("EGR-1: what is listed as itself is told from what a pattern lets through", () => {
    const policy = list("127.0.0.1", "*.test", "localhost");
    expect(["127.1", "LOCALHOST.", "127.0.0.1:80"].every(policy.listsExactly)).toBe(true);
    expect(["a.test", "", "127.0.0.2"].some(policy.listsExactly)).toBe(false);
  });

  it("EGR-1: an unknown action is refused: guessing would open or close a network", () => {
    expect(() => egressPolicy({ allowedHosts: [], defaultAction: "DENY" })).toThrow(
      new RuntimeProviderError(
        "INVALID_ARGUMENT",
        'default_action "DENY" is unknown; write "allow", "deny" or nothing',
      ),
    );
  });

  it("EGR-1: 10,000 random hosts get the verdict that a second, independent reading gives", () => {
    const cases = new RandomHosts(20_261).cases(10_000);
    const expected = oracleOpinions(cases);
    const policies = new Map<readonly string[], ReturnType<typeof egressPolicy>>();
    const differences = cases.filter(({ allowed, action, host }, index) => {
      const policy = policies.get(allowed) ?? egressPolicy({ allowedHosts: allowed, defaultAction: action });
      policies.set(allowed, policy);
      return policy.allows(host) !== (expected[index]?.verdict === "allow");
    });
    expect(differences).toEqual([]);
    // The cases say something: each verdict is met often.
    for (const wanted of ["allow", "deny", "invalid"])
      expect(expected.filter(({ verdict }) => verdict === wanted).length).toBeGreaterThan(1_000);
    const listed = cases.filter(
      ({ allowed }, index) => allowed.length > 0 && expected[index]?.verdict === "allow",
    );
    expect(listed.length).toBeGreaterThan(500);
  });
});

describe("canonicalHost", () => {
  it("EGR-1: gives one spelling, which is its own spelling again", () => {
    for (const { host } of new RandomHosts(7).cases(2_000)) {
      const canonical = canonicalHost(host);
      if (canonical !== undefined) expect(canonicalHost(canonical)).toBe(canonical);
    }
    expect(canonicalHost("a".repeat(64))).toBeUndefined();
    expect(canonicalHost("a.".repeat(126) + "a")).toHaveLength(253);
    expect(canonicalHost("a.".repeat(126) + "ab")).toBeUndefined();
    expect(canonicalHost("a".repeat(2_000_000))).toBeUndefined();
  });
});

describe("enforcesEgress", () => {
  const plain = { allowedHosts: [], defaultAction: "allow", requestEnv: {}, relayHosts: [] };
  it.each([
    ["no policy", {}, false],
    ["an empty action", { defaultAction: "" }, false],
    ["deny", { defaultAction: "deny" }, true],
    [
      "deny with nothing but relays",
      { defaultAction: "deny", allowedHosts: ["r.test"], relayHosts: ["r.test"] },
      true,
    ],
    ["an unknown action", { defaultAction: "Deny" }, true],
    ["nothing but the relay's host", { allowedHosts: ["r.test"], relayHosts: ["r.test"] }, false],
    [
      "the relay's host in another spelling",
      { allowedHosts: ["R.TEST."], relayHosts: ["r.test:443"] },
      false,
    ],
    [
      "several relays",
      { allowedHosts: ["r.test", "s.test"], relayHosts: ["s.test", "r.test", "t.test"] },
      false,
    ],
    ["one host more", { allowedHosts: ["r.test", "a.test"], relayHosts: ["r.test"] }, true],
    ["a pattern around the relay", { allowedHosts: ["*.test"], relayHosts: ["r.test"] }, true],
    ["an entry that is no host", { allowedHosts: ["r.test:443"], relayHosts: ["r.test"] }, true],
    ["a list without relays", { allowedHosts: ["a.test"] }, true],
    ["two broken entries that look alike", { allowedHosts: ["*"], relayHosts: ["*"] }, true],
    ["a proxy", { requestEnv: { HTTP_PROXY: "http://p:1" } }, true],
    ["a proxy for https", { requestEnv: { HTTPS_PROXY: "http://p:1" } }, true],
    ["a proxy in lower case", { requestEnv: { https_proxy: "http://p:1" } }, true],
    ["an empty proxy", { requestEnv: { HTTP_PROXY: "", NO_PROXY: "x", ALL_PROXY: "x" } }, false],
  ])("EGR-5: %s", (_, change, enforced) => {
    expect(enforcesEgress({ ...plain, ...change })).toBe(enforced);
  });
});
