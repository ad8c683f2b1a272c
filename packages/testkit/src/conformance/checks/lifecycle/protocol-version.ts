import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";

export const answersVersion3 = defineCheck({
  id: "lifecycle/configure-provider/answers-version-3",
  title: "ConfigureProvider's answer carries protocol version 3",
  requirements: ["LIFE-2"],
  needs: ["spawned"],
  cause: "The answer is an empty message, whose protocol_version is 0.",
  mend: "Set protocol_version = 3 in ConfigureProvider's answer.",
  run: async (t) => {
    const provider = await t.start();
    const { protocolVersion } = await t.expect.answered("ConfigureProvider", configure(t, provider, 3));
    t.expect.equal("the protocol version in ConfigureProvider's answer", protocolVersion, 3);
  },
});

export const refusesOtherVersions = defineCheck({
  id: "lifecycle/configure-provider/refuses-other-versions",
  title: "ConfigureProvider refuses every protocol version but 3, and can be called again after that",
  requirements: ["LIFE-2", "LIFE-3"],
  needs: ["spawned"],
  cause: "protocol_version is not looked at, or only versions that are too new are refused.",
  mend: "Compare protocol_version with 3 before anything else, and answer FAILED_PRECONDITION where it differs.",
  run: async (t) => {
    const provider = await t.start();
    for (const version of [0, 2, 4])
      await t.expect.refused(
        `ConfigureProvider with protocol version ${version}`,
        configure(t, provider, version),
        "FAILED_PRECONDITION",
      );
    if (t.differences.length > 0) return;
    await t.expect.answered(
      "ConfigureProvider with version 3 after the refusals",
      configure(t, provider, 3),
      "LIFE-3",
    );
  },
});

function configure(
  { subject: { name, config = {} } }: CheckContext,
  { lifecycle }: SubjectProvider,
  protocolVersion: number,
): ReturnType<SubjectProvider["lifecycle"]["configureProvider"]> {
  const empty = Object.keys(config).length === 0;
  return lifecycle.configureProvider({ name, protocolVersion, ...(empty ? {} : { config }) });
}
