"""One session and the plugin in it."""

import asyncio
import shutil
import uuid
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from gestalt.provider.v1 import runtime_logs_pb2, runtime_pb2

from .guest import Guest, describe_end, is_clean
from .loghost import LogHost
from .refusal import Refusal, precondition
from .sessionlog import SessionLog

# A session that no call has named for this long is stopped: the host never learned its id (SESS-13).
UNCLAIMED_SECONDS = 60


class Session:
    def __init__(self, parent: Path, metadata: dict[str, str], log_host: LogHost) -> None:
        self.id = f"py-{uuid.uuid4().hex}"
        self.metadata = metadata
        self.log = SessionLog(self.id, log_host)
        self.directory = parent / self.id[3:11]
        for path in (self.directory, self.directory / "home", self.directory / "tmp"):
            path.mkdir(mode=0o700)
        self.socket_path = self.directory / "plugin.sock"
        self.state, self.reason, self.message = "ready", "", ""
        self.bindings: dict[str, str] = {}
        self._started_at = Timestamp()
        self._started_at.GetCurrentTime()
        self._has_had_plugin = False
        self._start: asyncio.Task[None] | None = None
        self._guest: Guest | None = None
        self._stop: asyncio.Task[None] | None = None
        self._unclaimed: asyncio.TimerHandle | None = None

    def stop_unless_claimed(self, stop) -> None:
        loop = asyncio.get_running_loop()
        self._unclaimed = loop.call_later(UNCLAIMED_SECONDS, lambda: loop.create_task(stop()))

    def heard(self) -> None:
        """The host has named the session: it knows it, and so does its log host (LOGS-2)."""
        if self._unclaimed is not None:
            self._unclaimed.cancel()
        self.log.release()

    def describe(self) -> runtime_pb2.PluginRuntimeSession:
        return runtime_pb2.PluginRuntimeSession(
            id=self.id,
            state=self.state,
            state_reason=self.reason,
            state_message=self.message,
            metadata=self.metadata,
            # Sessions have no end of their own: the two times that would tell it are left out (SESS-9).
            lifecycle=runtime_pb2.PluginRuntimeSessionLifecycle(started_at=self._started_at),
        )

    def bind(self, variable: str, value: str) -> None:
        """Keeps a host service for the plugin; a later one under the same name replaces it (BIND-1, BIND-4)."""
        if self._has_had_plugin:
            raise precondition(f'session "{self.id}": bind host services before StartPlugin')
        self.bindings[variable] = value

    async def start(self, launch) -> None:
        """Runs one launch, which gives a guest; a failed or cancelled one leaves nothing (PLUG-6, PLUG-7)."""
        if self._has_had_plugin or self._stop is not None:
            raise precondition(f'session "{self.id}" has had its plugin; start another session')
        self._has_had_plugin = True
        self._start = asyncio.create_task(self._run(launch))
        try:
            await asyncio.shield(self._start)
        except asyncio.CancelledError:
            if self._stop is not None:
                raise Refusal(
                    grpc.StatusCode.ABORTED, f'session "{self.id}" was stopped while its plugin was starting'
                ) from None
            # The call was cancelled, not the start: that is to end as well.
            self._start.cancel()
            raise

    async def _run(self, launch) -> None:
        try:
            self._guest = await launch()
        except BaseException as error:
            self.state, self.reason = "failed", "start_failed"
            self.message = str(error) or "StartPlugin was cancelled"
            self.note(self.message)
            shutil.rmtree(self.directory, ignore_errors=True)
            if isinstance(error, Exception):
                # The host adds the last records to the operator's error (LOGS-3).
                await self.log.flush()
            raise
        self.state = "running"
        self._watch = asyncio.create_task(self._note_end(self._guest))

    async def _note_end(self, guest: Guest) -> None:
        """Notes the end of a plugin when it comes, and cleans up after it by itself (SESS-10, SESS-12)."""
        end = await guest.ended
        self.message = describe_end(end)
        if self._stop is not None:
            self.state, self.reason = "stopped", "stopped"
        elif is_clean(end):
            self.state, self.reason = "stopped", "plugin_exited"
        else:
            self.state, self.reason = "failed", "plugin_failed"
        self.note(self.message)
        await guest.gone
        self.log.finish()
        shutil.rmtree(self.directory, ignore_errors=True)

    def note(self, message: str) -> None:
        self.log.push(runtime_logs_pb2.PLUGIN_RUNTIME_LOG_STREAM_RUNTIME, message)

    async def stop(self, grace_seconds: float) -> None:
        """Ends the session once; everybody who calls it waits for that (SESS-8, SESS-11)."""
        if self._stop is None:
            self._stop = asyncio.create_task(self._end(grace_seconds))
        # A caller that walks away does not end the stop.
        await asyncio.shield(self._stop)

    async def _end(self, grace_seconds: float) -> None:
        if self._unclaimed is not None:
            self._unclaimed.cancel()
        if self._start is not None and not self._start.done():
            self._start.cancel()
            await asyncio.wait([self._start])
        if self._guest is not None:
            await self._guest.stop(grace_seconds)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.state = "stopped"
        self.log.end()
