import { mkdir, rm } from "node:fs/promises";
import { parseDialTarget, parseHostDialTarget, RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";

export const targetForm = defineCheck({
  id: "dial/start-plugin/target-form",
  title: "StartPlugin's dial target is unix:///path, tcp://host:port or tls://host:port and nothing more",
  requirements: ["DIAL-1"],
  instance: "shared",
  cause: "A bare path, another scheme (unix:/path, http://, dns:), or something after the port.",
  mend: "Write unix:// and an absolute path, or tcp:// or tls:// with host and port, IPv6 hosts in brackets.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const { dialTarget } = await t.relies("plugin", "StartPlugin of the fixture plugin", () =>
      session.startPlugin(t.pluginRequest()),
    );
    const fault = faultOf(() => parseDialTarget(dialTarget));
    if (fault === undefined || isTooLong(fault)) return;
    t.expect(false, `StartPlugin answers a dial target that ${fault}`);
  },
});

export const targetDialable = defineCheck({
  id: "dial/start-plugin/no-unspecified-address",
  title: "StartPlugin's dial target names no address that can only be listened on",
  requirements: ["DIAL-5"],
  instance: "shared",
  cause:
    "The address that the plugin or the bridge listens on (0.0.0.0, [::]) is given to the host as it is.",
  mend: "Name an address on which the host reaches it, such as 127.0.0.1 or the guest's own.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const { dialTarget } = await t.relies("plugin", "StartPlugin of the fixture plugin", () =>
      session.startPlugin(t.pluginRequest()),
    );
    const fault = faultOf(() => parseHostDialTarget(dialTarget));
    if (fault?.includes("unspecified") !== true) return;
    t.expect(false, `StartPlugin answers a dial target that ${fault}`);
  },
});

export const pathFits = defineCheck({
  id: "dial/start-plugin/path-fits",
  title: "the socket's path fits sockaddr_un, also where TMPDIR is long",
  requirements: ["DIAL-2"],
  needs: ["spawned"],
  cause: "The socket lies deep below TMPDIR or a state directory, under a name with a whole UUID in it.",
  mend:
    "Keep sockets in a short directory of their own, such as one in /tmp with mode 0700. Where that can't be, refuse and " +
    "name the setting that has to be shorter.",
  run: async (t) => {
    const deep = `${t.place.directory}/${"deep/".repeat(16)}d`;
    await mkdir(deep, { recursive: true });
    t.cleanUp("remove the deep directory", () => rm(`${t.place.directory}/deep`, { recursive: true }));
    const { PATH, HOME, LANG, TZ } = process.env;
    const provider = await t.provider({ operatorEnv: { PATH, HOME, LANG, TZ, TMPDIR: deep } });
    const session = await t.session(provider);
    let target: string;
    try {
      target = (await session.startPlugin(t.pluginRequest())).dialTarget;
    } catch (error) {
      if (!(error instanceof RuntimeProviderError)) throw error;
      // A refusal that says what to do is right as well.
      t.expect(
        /TMPDIR|too long|107|shorter/.test(error.message),
        `with a TMPDIR of ${deep.length} bytes StartPlugin failed with ${error.code} and names neither TMPDIR nor the ` +
          `length: ${JSON.stringify(error.message.slice(0, 300))}`,
      );
      return;
    }
    const fault = faultOf(() => parseDialTarget(target));
    if (fault !== undefined && isTooLong(fault))
      t.expect(
        false,
        `with a TMPDIR of ${deep.length} bytes StartPlugin answers a dial target that ${fault}`,
      );
  },
});

/** What is wrong, without the target itself: it is another in each run. */
function faultOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof RuntimeProviderError)) throw error;
    return error.message
      .replace(/^dial target "(?:[^"\\]|\\.)*" /, "")
      .replace(/unix:\/\/\/\S+/g, "unix:///path");
  }
}

function isTooLong(fault: string): boolean {
  return fault.startsWith("has a path of");
}
