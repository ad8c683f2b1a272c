import { defineCheck } from "../../check/check.js";
import { startDifferently } from "./start-differently.js";

/** What a shell, a split or a trim would change. */
const hostile = [
  "",
  " ",
  "  blanks around  ",
  "two words",
  "$HOME ${PATH} `id` $(id)",
  "'single' \"double\"",
  "back\\slash \\n",
  "* ? [a-z] {a,b} ~",
  "; exit 9 & | > /dev/null # comment",
  "line one\nline two\r\n",
  "\ttab",
  "grüße ☃ 𝄞",
  "--",
  "--help",
  "-",
  "%s %d",
  "=",
  "a=b",
  "x".repeat(10_000),
  "",
];

export const argumentsUnchanged = defineCheck({
  id: "plugin/start-plugin/arguments-unchanged",
  title:
    "the plugin gets exactly the arguments that StartPlugin brought: no shell, no splitting, no trimming",
  requirements: ["PLUG-1"],
  instance: "shared",
  cause: "Command and arguments are joined into one line for a shell, or empty ones are filtered out.",
  mend: "Hand the list to exec as it is (spawn without shell). Where the backend takes one line only, quote each word.",
  run: async (t) => {
    const plugin = await startDifferently(t, "arguments full of blanks, quotes and shell characters", {
      args: hostile,
    });
    const { args } = await plugin.execute("args");
    t.expect.equal("the number of arguments that the plugin got", args.length, hostile.length);
    for (const [index, arg] of hostile.entries()) t.expect.equal(`argument ${index + 1}`, args[index], arg);
  },
});

export const relativeCommand = defineCheck({
  id: "plugin/start-plugin/relative-command",
  title: "a relative command is found from the working directory that the plugin gets",
  requirements: ["PLUG-1"],
  instance: "shared",
  cause: "The command is looked up on PATH, or from another directory than the plugin's own.",
  mend: "Resolve a command that does not begin with / against the working directory that the plugin is given.",
  run: async (t) => {
    const provider = await t.provider();
    const usual = t.pluginRequest();
    const { command = "" } = usual;
    if (!command.startsWith("/")) return;
    const { cwd } = await (await t.plugin(await t.session(provider))).execute("identity");
    // Up to the root and down again: right also where each session has a directory of its own at the same depth.
    const up = cwd
      .split("/")
      .filter(Boolean)
      .map(() => "..");
    const relative = [...(up.length === 0 ? ["."] : up), command.slice(1)].join("/");
    const session = await t.session(provider);
    const hosted = await t.expect.answered(
      "StartPlugin with the fixture plugin's path relative to the plugin's working directory",
      session.startPlugin({ ...usual, command: relative }),
    );
    await (await t.dial(session, hosted)).execute("echo");
  },
});
