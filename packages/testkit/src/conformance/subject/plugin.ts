import type { JsonObject } from "@bufbuild/protobuf";
import type { HostedPlugin, IntegrationProvider, UnaryClient } from "@gestalt-runtime/sdk/protocol";
import type { FixtureOperationId, FixtureOperations } from "../../plugins/operations.js";
import type { SubjectSession } from "./session.js";

/** The fixture plugin, running in a session and dialled. */
export class SubjectPlugin {
  constructor(
    readonly session: SubjectSession,
    /** StartPlugin's answer. */
    readonly hosted: HostedPlugin,
    readonly client: UnaryClient<typeof IntegrationProvider>,
    /** Ends the connection before the check's end does. */
    readonly close: () => void,
  ) {}

  /**
   * Calls an operation of the fixture plugin (`fixtureOperations`).
   *
   * @throws Error when the plugin refuses the parameters: a fault of the check
   */
  async execute<K extends FixtureOperationId>(
    operation: K,
    params: FixtureOperations[K]["params"] = {},
  ): Promise<FixtureOperations[K]["result"]> {
    const { status, body } = await this.client.execute({ operation, params: params as JsonObject });
    if (status !== 200) throw new Error(`the fixture plugin answered ${operation} with ${status}: ${body}`);
    return JSON.parse(body) as FixtureOperations[K]["result"];
  }
}
