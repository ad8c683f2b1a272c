import { defineCheck } from "../../check/check.js";

export const handshakeCompletes = defineCheck({
  id: "lifecycle/handshake/completes",
  title: "identity, configuration and identity again are answered",
  requirements: ["LIFE-1", "LIFE-2"],
  needs: ["spawned"],
  cause:
    "ConfigureProvider refuses the config that the suite was given, or one of the three calls is not answered.",
  mend:
    "Read the refusal: either the suite's own config lacks what the provider needs (provider.config), or the provider " +
    "refuses what its schema allows.",
  run: async (t) => {
    const { lifecycle } = await t.start();
    const { config } = t.subject;
    const empty = config === undefined || Object.keys(config).length === 0;
    await t.expect.answered("the first GetProviderIdentity", lifecycle.getProviderIdentity(), "LIFE-1");
    await t.expect.answered(
      "ConfigureProvider",
      lifecycle.configureProvider({
        name: t.subject.name,
        protocolVersion: 3,
        ...(empty ? {} : { config }),
      }),
      "LIFE-2",
    );
    await t.expect.answered("GetProviderIdentity after it", lifecycle.getProviderIdentity(), "LIFE-1");
  },
});
