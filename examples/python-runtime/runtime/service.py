"""PluginRuntimeProvider: what the host asks for, checked, and handed to sessions (SUP, SESS, BIND, PLUG)."""

import uuid

from google.protobuf.empty_pb2 import Empty

from gestalt.provider.v1 import runtime_pb2, runtime_pb2_grpc

from .launch import launch_plugin
from .provider import Provider
from .refusal import answers, invalid
from .session import Session
from .target import parse_target


class RuntimeService(runtime_pb2_grpc.PluginRuntimeProviderServicer):
    """PrepareWorkspace stays unimplemented, as GetSupport says (WORK-1)."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @answers
    async def GetSupport(self, request, context):
        """What processes of this machine can do (SUP)."""
        self.provider.assert_configured()
        return runtime_pb2.PluginRuntimeSupport(
            can_host_plugins=True,
            host_service_access=runtime_pb2.PLUGIN_RUNTIME_HOST_SERVICE_ACCESS_DIRECT,
            egress_mode=runtime_pb2.PLUGIN_RUNTIME_EGRESS_MODE_NONE,
        )

    @answers
    async def StartSession(self, request, context):
        self.provider.assert_configured()
        for field in ("image", "template"):
            # The command would then be a path inside of what there is none of (SESS-3).
            if getattr(request, field) != "":
                raise invalid(
                    f"{field} is set, and processes have none; "
                    f"remove plugins.{request.plugin_name}.execution.runtime.{field}"
                )
        session = Session(self.provider.directory.path, dict(request.metadata), self.provider.log_host)
        self.provider.sessions[session.id] = session
        session.stop_unless_claimed(lambda: self._stop(session))
        return session.describe()

    @answers
    async def GetSession(self, request, context):
        return self.provider.heard(request.session_id).describe()

    @answers
    async def ListSessions(self, request, context):
        """Every live session in bytewise order; failed ones are, stopped ones are not (SESS-7)."""
        self.provider.assert_configured()
        live = [session for session in self.provider.sessions.values() if session.state != "stopped"]
        return runtime_pb2.ListPluginRuntimeSessionsResponse(
            sessions=[session.describe() for session in sorted(live, key=lambda session: session.id)]
        )

    @answers
    async def StopSession(self, request, context):
        """Fine with sessions that are not there (SESS-8)."""
        self.provider.assert_configured()
        if request.session_id == "" or request.session_id in self.provider.sessions:
            await self._stop(self.provider.heard(request.session_id))
        return Empty()

    @answers
    async def BindHostService(self, request, context):
        session = self.provider.heard(request.session_id)
        check_variable("env_var", request.env_var)
        dial_target = request.relay.dial_target
        if dial_target == "":
            raise invalid("relay.dial_target is missing; send where the host service listens")
        try:
            target = parse_target(dial_target)
        except ValueError as error:
            raise invalid(f"relay.dial_target {error}") from None
        # The plugin runs on this machine: the host's path works as it is (BIND-2). Relays go on unchanged (BIND-3).
        session.bind(request.env_var, target.address if target.scheme == "unix" else dial_target)
        return runtime_pb2.PluginRuntimeHostServiceBinding(
            id=f"binding-{uuid.uuid4().hex}",
            session_id=session.id,
            env_var=request.env_var,
            relay=request.relay,
        )

    @answers
    async def StartPlugin(self, request, context):
        session = self.provider.heard(request.session_id)
        check_start(request)
        await session.start(lambda: launch_plugin(self.provider, session, request))
        return runtime_pb2.HostedPlugin(
            id=f"plugin-{uuid.uuid4().hex}",
            session_id=session.id,
            plugin_name=request.plugin_name,
            dial_target=f"unix://{session.socket_path}",
        )

    @answers
    async def RemoveWorkspace(self, request, context):
        """Comes whether or not there are workspaces (WORK-1)."""
        self.provider.assert_configured()
        return Empty()

    async def _stop(self, session: Session) -> None:
        await self.provider.stop(session, self.provider.assert_configured().stop_grace_seconds)


def check_start(request: runtime_pb2.StartHostedPluginRequest) -> None:
    if request.command == "":
        raise invalid("command is empty; send the program to run")
    if any("\0" in text for text in (request.command, *request.args)):
        raise invalid("command and args: one holds a NUL, which no argument can")
    for name, value in request.env.items():
        check_variable("env: a name", name)
        if "\0" in value:
            raise invalid(f"env.{name} holds a NUL, which no environment can")


def check_variable(field: str, name: str) -> None:
    if name == "":
        raise invalid(f"{field} is empty; send the name of the environment variable")
    if "=" in name or "\0" in name:
        raise invalid(f"{field} is {name!r}, which no environment variable can be called")


