import { defineCheck } from "../../check/check.js";

export const takesAuthority = defineCheck({
  id: "dial/start-plugin/authority",
  title: "the plugin answers calls with the authority that the host sends, on more than one connection",
  requirements: ["DIAL-4"],
  instance: "shared",
  cause:
    "A bridge looks at :authority (localhost for unix://, host:port for tcp://, the host for tls://), or serves the first " +
    "connection alone.",
  mend: "Pass bytes through, whatever the authority; take as many connections as come.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const plugin = await t.plugin(session);
    for (const connection of ["first", "second"]) {
      const client = connection === "first" ? plugin : await t.dial(session, plugin.hosted);
      await t.expect.answered(
        `a call on the ${connection} connection, with the host's authority`,
        client.client.execute({ operation: "echo" }),
      );
    }
  },
});
