"""The provider's process: its socket, its signals, its parent, its exit code (PROC)."""

import asyncio
import os
import signal
import stat
from pathlib import Path

import grpc

from gestalt.provider.v1 import lifecycle_pb2_grpc, runtime_pb2_grpc

from .lifecycle import LifecycleService
from .provider import Provider
from .refusal import complain
from .service import RuntimeService

# The host kills what is still there 2 s after SIGTERM (PROC-6): both times together stay well below.
DRAIN_SECONDS = 0.6
ORPHAN_DRAIN_SECONDS = 0.1
LAST_STOP_GRACE_SECONDS = 0.4
PARENT_POLL_SECONDS = 0.25


async def serve() -> int:
    name = os.environ.get("GESTALT_PLUGIN_SOCKET", "")
    if name == "":
        complain("GESTALT_PLUGIN_SOCKET is not set: gestaltd sets it to the path of the Unix socket to serve on")
        return 2
    ending: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def end(drain_seconds: float) -> None:
        if not ending.done():
            ending.set_result(drain_seconds)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end, DRAIN_SECONDS)
    watch = asyncio.create_task(watch_parent(end))

    provider = Provider()
    server = grpc.aio.server()
    lifecycle_pb2_grpc.add_ProviderLifecycleServicer_to_server(LifecycleService(provider), server)
    runtime_pb2_grpc.add_PluginRuntimeProviderServicer_to_server(RuntimeService(provider), server)
    path = Path(name)
    try:
        made = await listen(server, path)
    except (OSError, RuntimeError) as error:
        complain(f"GESTALT_PLUGIN_SOCKET: {error}")
        return 1
    drain_seconds = await ending
    watch.cancel()
    # New calls are refused from here on, those in flight may end, and an idle connection is closed.
    draining = asyncio.create_task(server.stop(drain_seconds))
    await asyncio.wait([draining])
    await provider.close(LAST_STOP_GRACE_SECONDS)
    remove(path, made)
    return 0


async def listen(server: grpc.aio.Server, path: Path) -> os.stat_result:
    """Makes the path appear only when it accepts, and replaces a stale socket there (PROC-2, PROC-3)."""
    if path.is_symlink() or (path.exists() and not stat.S_ISSOCK(path.lstat().st_mode)):
        raise OSError(f"{path} exists and is no socket; remove it")
    temporary = path.with_name(f".{os.getpid():x}")
    temporary.unlink(missing_ok=True)
    server.add_insecure_port(f"unix:{temporary}")
    await server.start()
    made = temporary.lstat()
    temporary.rename(path)
    return made


def remove(path: Path, made: os.stat_result) -> None:
    """Takes the socket away unless somebody else's has taken its place."""
    try:
        if os.path.samestat(path.lstat(), made):
            path.unlink()
    except FileNotFoundError:
        pass


async def watch_parent(end) -> None:
    """Ends the provider when the process that the host named is no longer its parent (PROC-7)."""
    text = os.environ.get("GESTALT_PLUGIN_PARENT_PID", "")
    if not text.isdecimal():
        return
    while os.getppid() == int(text):
        await asyncio.sleep(PARENT_POLL_SECONDS)
    end(ORPHAN_DRAIN_SECONDS)
