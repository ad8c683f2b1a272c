"""Starts a plugin and waits until it accepts gRPC connections (PLUG)."""

import asyncio

import grpc

from gestalt.provider.v1 import runtime_pb2

from .guest import Guest, LaunchError, describe_end, safe_base
from .provider import Provider
from .refusal import Refusal, precondition
from .session import Session
from .target import MAX_UNIX_PATH_BYTES

# The channel itself tries again only after a second.
SOCKET_POLL_SECONDS = 0.01
RECONNECT = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200))


async def launch_plugin(
    provider: Provider, session: Session, request: runtime_pb2.StartHostedPluginRequest
) -> Guest:
    """Leaves nothing behind when it fails or is cancelled (PLUG-7)."""
    if len(bytes(session.socket_path)) > MAX_UNIX_PATH_BYTES:
        raise precondition(
            f"the plugin's socket would be {session.socket_path}, longer than {MAX_UNIX_PATH_BYTES} bytes; "
            "give this provider a shorter TMPDIR"
        )
    named = f'plugin "{request.plugin_name}": '
    order = {
        "command": request.command,
        "args": list(request.args),
        "env": environment(session, request),
    }
    try:
        guest = await Guest.start(order, provider.directory.keepers, session.log.write)
    except LaunchError as error:
        raise precondition(f"{named}{error}") from None
    try:
        async with asyncio.timeout(provider.config.ready_timeout_seconds):
            is_ready = await is_ready_before_it_ends(guest, session)
    except TimeoutError:
        await guest.kill()
        raise Refusal(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"{named}it did not accept gRPC connections on {session.socket_path} in time{guest.quote()}",
        ) from None
    except BaseException:
        await guest.kill()
        raise
    if not is_ready:
        await guest.kill()
        session.log.finish()
        end = describe_end(guest.ended.result())
        raise precondition(f"{named}{end} before it accepted gRPC connections{guest.quote()}")
    return guest


def environment(session: Session, request: runtime_pb2.StartHostedPluginRequest) -> dict[str, str]:
    """Later ones win (PLUG-2, PLUG-3). The keeper adds its own id as that of the parent."""
    return {
        **safe_base(),
        "HOME": str(session.directory / "home"),
        "TMPDIR": str(session.directory / "tmp"),
        **request.env,
        **session.bindings,
        "GESTALT_PLUGIN_SOCKET": str(session.socket_path),
        "GESTALT_PLUGIN_NAME": request.plugin_name,
    }


async def is_ready_before_it_ends(guest: Guest, session: Session) -> bool:
    ready = asyncio.create_task(until_ready(session))
    try:
        await asyncio.wait([ready, guest.ended], return_when=asyncio.FIRST_COMPLETED)
        return not guest.ended.done()
    finally:
        ready.cancel()
        await asyncio.wait([ready])


async def until_ready(session: Session) -> None:
    while not session.socket_path.exists():
        await asyncio.sleep(SOCKET_POLL_SECONDS)
    # As the host will dial it: ready means that the plugin has sent its HTTP/2 settings.
    async with grpc.aio.insecure_channel(f"unix:{session.socket_path}", options=RECONNECT) as channel:
        await channel.channel_ready()
