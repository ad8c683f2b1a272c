import { create } from "@bufbuild/protobuf";
import { EmptySchema, type Empty } from "@bufbuild/protobuf/wkt";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type * as wire from "../gen/gestalt/provider/v1/runtime_pb.js";
import type { CallContext } from "../provider/context.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import type { Session } from "../provider/types.js";
import * as answers from "./answers.js";
import * as requests from "./requests.js";

const empty: Empty = create(EmptySchema);

/** The service PluginRuntimeProvider for one provider: check, hand over, check, answer. */
export class PluginRuntimeService {
  constructor(private readonly provider: PluginRuntimeProvider) {}

  async getSupport(_: Empty, context: CallContext): Promise<wire.PluginRuntimeSupport> {
    const support = await this.provider.getSupport(context);
    return answers.writeSupport(support, this.provider.prepareWorkspace !== undefined);
  }

  async startSession(
    request: wire.StartPluginRuntimeSessionRequest,
    context: CallContext,
  ): Promise<wire.PluginRuntimeSession> {
    const asked = requests.readStartSession(request);
    const session = await this.provider.startSession(asked, context);
    try {
      return answers.writeStartedSession(session, asked.metadata);
    } catch (error) {
      await this.#undo(session, context);
      throw error;
    }
  }

  /** SESS-13: the host never learns the id of a session whose answer could not leave. */
  async #undo(session: Partial<Session> | undefined, context: CallContext): Promise<void> {
    if (typeof session?.id !== "string" || session.id === "") return;
    try {
      await this.provider.stopSession(session.id, context);
    } catch (error) {
      context.logger.error(
        { session: session.id, error },
        "a session that the host does not know is left over",
      );
    }
  }

  /** The hot path (SESS-5): an answer that is there at once is written without a turn of the event loop. */
  getSession(
    request: wire.GetPluginRuntimeSessionRequest,
    context: CallContext,
  ): wire.PluginRuntimeSession | Promise<wire.PluginRuntimeSession> {
    const id = requests.readSessionId(request.sessionId);
    const session = this.provider.getSession(id, context);
    return session instanceof Promise
      ? session.then((found) => writeFound(found, id))
      : writeFound(session, id);
  }

  async listSessions(
    _: wire.ListPluginRuntimeSessionsRequest,
    context: CallContext,
  ): Promise<wire.ListPluginRuntimeSessionsResponse> {
    if (this.provider.listSessions === undefined) throw unimplemented("ListSessions");
    return answers.writeSessions(await this.provider.listSessions(context));
  }

  async stopSession(request: wire.StopPluginRuntimeSessionRequest, context: CallContext): Promise<Empty> {
    await this.provider.stopSession(requests.readSessionId(request.sessionId), context);
    return empty;
  }

  async bindHostService(
    request: wire.BindPluginRuntimeHostServiceRequest,
    context: CallContext,
  ): Promise<wire.PluginRuntimeHostServiceBinding> {
    if (this.provider.bindHostService === undefined) throw unimplemented("BindHostService");
    const asked = requests.readBindHostService(request);
    return answers.writeBinding(await this.provider.bindHostService(asked, context), asked);
  }

  async startPlugin(
    request: wire.StartHostedPluginRequest,
    context: CallContext,
  ): Promise<wire.HostedPlugin> {
    const asked = requests.readStartPlugin(request);
    return answers.writePlugin(await this.provider.startPlugin(asked, context), asked);
  }

  async prepareWorkspace(
    request: wire.PreparePluginRuntimeWorkspaceRequest,
    context: CallContext,
  ): Promise<wire.PreparePluginRuntimeWorkspaceResponse> {
    if (this.provider.prepareWorkspace === undefined) throw unimplemented("PrepareWorkspace");
    return answers.writeWorkspace(
      await this.provider.prepareWorkspace(requests.readPrepareWorkspace(request), context),
    );
  }

  /** WORK-1, WORK-3: harmless also where there are no workspaces, and for ids that never were. */
  async removeWorkspace(
    { sessionId, agentSessionId }: wire.RemovePluginRuntimeWorkspaceRequest,
    context: CallContext,
  ): Promise<Empty> {
    await this.provider.removeWorkspace?.({ sessionId, agentSessionId }, context);
    return empty;
  }
}

function writeFound(session: Session | undefined, id: string): wire.PluginRuntimeSession {
  if (session === undefined)
    throw new RuntimeProviderError("NOT_FOUND", `there is no session ${JSON.stringify(id)} here`);
  return answers.writeSession(session, "getSession returned", id);
}

function unimplemented(method: string): RuntimeProviderError {
  return new RuntimeProviderError("UNIMPLEMENTED", `${method}: this runtime does not support it`);
}
