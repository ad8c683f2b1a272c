import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { parseImageReference, registryCredentials, RuntimeProviderError } from "../../src/index.js";

const field = "image_pull_auth.docker_config_json";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const login = (username: string): object => ({ auth: base64(`${username}:secret of ${username}`) });

function userFor(image: string, config: object): string | undefined {
  return registryCredentials(JSON.stringify(config), parseImageReference(image))?.username;
}

function faultOf(config: unknown, image = "ghcr.io/team/image"): RuntimeProviderError {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  try {
    registryCredentials(text, parseImageReference(image));
  } catch (error) {
    if (error instanceof RuntimeProviderError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

/** The same entries in another order each time. */
function shuffled<Entry>(entries: readonly Entry[], random: () => number): Entry[] {
  return entries
    .map((entry) => [random(), entry] as const)
    .sort(([a], [b]) => a - b)
    .map(([, entry]) => entry);
}

/** Numbers that look random and are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("registryCredentials", () => {
  it("SESS-3: reads auth, and username with password; auth decides where both are", () => {
    const image = parseImageReference("ghcr.io/team/image");
    const plain = { username: "u", password: "p:w" };
    const get = (entry: object): unknown =>
      registryCredentials(JSON.stringify({ auths: { "ghcr.io": entry } }), image);
    expect(get({ auth: base64("u:p:w") })).toEqual(plain);
    expect(get(plain)).toEqual(plain);
    expect(get({ username: "x", password: "y", auth: base64("u:p:w") })).toEqual(plain);
    expect(get({ auth: base64("u:p:w\0\0") })).toEqual(plain);
    expect(get({ auth: base64("ü:ß"), email: "a@b" })).toEqual({ username: "ü", password: "ß" });
  });

  it.each([
    "ghcr.io",
    "https://ghcr.io",
    "http://ghcr.io/",
    "https://ghcr.io/v1/",
    "https://ghcr.io/v2/",
    "ghcr.io/v2",
    "GHCR.io",
    "HTTPS://GHCR.IO",
  ])("SESS-3: takes the key %s for its registry", (key) => {
    expect(userFor("ghcr.io/team/image", { auths: { [key]: login("a") } })).toBe("a");
    expect(userFor("evil-ghcr.io/team/image", { auths: { [key]: login("a") } })).toBeUndefined();
    expect(userFor("ghcr.io:8443/team/image", { auths: { [key]: login("a") } })).toBeUndefined();
  });

  it.each([
    "https://index.docker.io/v1/",
    "index.docker.io",
    "docker.io",
    "https://registry-1.docker.io/v2/",
    "registry-1.docker.io",
    "docker.io/library",
  ])("SESS-3: takes the key %s for Docker Hub", (key) => {
    expect(userFor("ubuntu", { auths: { [key]: login("hub") } })).toBe("hub");
    expect(userFor("quay.io/library/ubuntu", { auths: { [key]: login("hub") } })).toBeUndefined();
  });

  it("SESS-3: a port belongs to the registry's name", () => {
    const auths = { "localhost:5000": login("a"), localhost: login("b") };
    expect(userFor("localhost:5000/x", { auths })).toBe("a");
    expect(userFor("localhost/x", { auths })).toBe("b");
  });

  it("T25: the longest path wins, whatever the order of the map", () => {
    const entries = [
      ["ghcr.io", login("registry")],
      ["ghcr.io/team", login("team")],
      ["https://ghcr.io/team/app", login("app")],
      ["ghcr.io/team/app/deep", login("deep")],
      ["ghcr.io/te", login("prefix of a name")],
      ["quay.io", login("other")],
    ] as const;
    const random = generator(25);
    const orders = new Set<string>();
    for (let run = 0; run < 300; run += 1) {
      const order = shuffled(entries, random);
      orders.add(order.map(([key]) => key).join());
      const config = { auths: Object.fromEntries(order) };
      expect(userFor("ghcr.io/team/app/deep/est", config)).toBe("deep");
      expect(userFor("ghcr.io/team/app:v1", config)).toBe("app");
      expect(userFor("ghcr.io/team/apple", config)).toBe("team");
      expect(userFor("ghcr.io/tea", config)).toBe("registry");
    }
    expect(orders.size).toBeGreaterThan(100);
  });

  it("T25: of several spellings of one scope the same one wins in every order", () => {
    const keys = ["http://ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/", "ghcr.io"];
    const hub = ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"];
    const random = generator(7);
    for (let run = 0; run < 300; run += 1) {
      const auths = Object.fromEntries(
        shuffled([...keys, ...hub], random).map((key) => [key, login(key.replaceAll(":", "."))]),
      );
      expect(userFor("ghcr.io/x", { auths })).toBe("ghcr.io");
      expect(userFor("ubuntu", { auths })).toBe("https.//index.docker.io/v1/");
    }
  });

  it("SESS-3: without an entry for the image there are no credentials", () => {
    for (const config of [
      {},
      { auths: {} },
      { auths: { "quay.io": login("a") } },
      { auths: { "ghcr.io": {} } },
    ])
      expect(userFor("ghcr.io/team/image", config)).toBeUndefined();
    expect(
      userFor("ghcr.io/x", { auths: { __proto__: login("a"), "ghcr.io/team": login("b") } }),
    ).toBeUndefined();
  });

  it("SESS-3: what can't be had here is named, with where and what to write instead", () => {
    const mend = `put "auth", or "username" and "password", into its entry under auths`;
    const entry = { auth: base64("00000000-0000-0000-0000-000000000000:"), identitytoken: "planted" };
    expect(faultOf({ auths: { "ghcr.io/team": entry } })).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${field} has an entry for "ghcr.io/team" with "identitytoken", which is not supported here; ${mend}`,
    });
    expect(faultOf({ auths: { "ghcr.io": { registrytoken: "planted" } } }).message).toBe(
      `${field} has an entry for "ghcr.io" with "registrytoken", which is not supported here; ${mend}`,
    );
    expect(faultOf({ credHelpers: { "ghcr.io": "gcloud" } }).message).toBe(
      `${field} asks a program for "ghcr.io" (credHelpers), which is not supported here; ${mend}`,
    );
    expect(faultOf({ auths: { "ghcr.io": {} }, credsStore: "desktop" }).message).toBe(
      `${field} keeps credentials in a store (credsStore), which is not supported here, and has none for "ghcr.io" itself; ${mend}, or take credsStore out`,
    );
  });

  it("SESS-3: credentials that are there are used, whatever store or helper is beside them", () => {
    const config = {
      auths: { "ghcr.io": login("a") },
      credsStore: "desktop",
      credHelpers: { "quay.io": "x" },
    };
    expect(userFor("ghcr.io/team/image", config)).toBe("a");
    expect(userFor("ghcr.io/team/image", { ...config, credHelpers: { "ghcr.io": "x" } })).toBe("a");
    expect(userFor("localhost/image", { credHelpers: { "ghcr.io": "x" }, credsStore: "" })).toBeUndefined();
  });

  it.each([
    ["", "is no JSON"],
    ['{"auths":{"ghcr.io":{"auth":"planted" "x"}}}', "is no JSON (position 38); write the"],
    ['{"auths":{"ghcr.io":{"auth":"planted', "is no JSON"],
    ["planted", "is no JSON"],
    ['"planted"', "is no JSON object; write the text of a docker config.json"],
    ["[]", "is no JSON object"],
    ["null", "is no JSON object"],
    ['{"auths":"planted"}', "has no object under auths; make it one, or take auths out"],
    ['{"credHelpers":["planted"]}', "has no object under credHelpers"],
    ['{"auths":{"ghcr.io":"planted"}}', 'has no object under auths for "ghcr.io"; mend it'],
    [
      '{"auths":{"https://me:planted@ghcr.io":0}}',
      "has no object under auths for an entry with @ in its key",
    ],
    [
      '{"ghcr.io":{"auth":"planted"}}',
      'has registries at its top, as .dockercfg had; put them under "auths"',
    ],
    [
      '{"auths":{"ghcr.io":{"auth":"planted!"}}}',
      'has an entry for "ghcr.io" whose "auth" is not username:password',
    ],
    [
      '{"auths":{"ghcr.io":{"auth":"cGxhbnRlZA=="}}}',
      'has an entry for "ghcr.io" whose "auth" is not username:passw',
    ],
    [
      '{"auths":{"ghcr.io":{"auth":"cGxhbnRlZDo="}}}',
      'has an entry for "ghcr.io" whose "auth" is not username:passw',
    ],
    [
      '{"auths":{"ghcr.io":{"auth":"OnBsYW50ZWQ="}}}',
      'has an entry for "ghcr.io" whose "auth" is not username:passw',
    ],
    ['{"auths":{"ghcr.io":{"auth":["planted"]}}}', 'has an entry for "ghcr.io" whose "auth" is no text'],
    [
      '{"auths":{"ghcr.io":{"password":"planted"}}}',
      'has an entry for "ghcr.io" with only one of "username" and "password"',
    ],
    [
      '{"auths":{"ghcr.io":{"username":"planted"}}}',
      'has an entry for "ghcr.io" with only one of "username" and "password"',
    ],
  ])("SESS-3: refuses %s and repeats nothing of it", (text, message) => {
    const fault = faultOf(text);
    expect(fault.code).toBe("INVALID_ARGUMENT");
    expect(fault.message).toContain(`${field} ${message}`);
    // The stack begins with the message; a cause would be printed too.
    expect(inspect(fault, { depth: 9, showHidden: true })).not.toMatch(/planted|cGxhbnRlZ|OnBsYW50/);
  });

  it("SESS-3: a broken entry for another image is not looked at", () => {
    expect(userFor("quay.io/x", { auths: { "ghcr.io": { auth: "!" }, "quay.io": login("q") } })).toBe("q");
  });

  it("SESS-3: printing credentials shows none", () => {
    const auths = { "ghcr.io": { username: "planted-user", password: "planted-password" } };
    const credentials = registryCredentials(JSON.stringify({ auths }), parseImageReference("ghcr.io/x"));
    expect(inspect({ credentials }, { depth: 9 })).toBe("{ credentials: RegistryCredentials { [secret] } }");
  });
});
