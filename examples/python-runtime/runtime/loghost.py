"""Where the sessions' output goes: the host's log service, or stderr without one (LOGS)."""

import enum
import os
import queue
import threading
from collections.abc import Mapping

import grpc

from gestalt.provider.v1 import runtime_logs_pb2, runtime_logs_pb2_grpc

from .refusal import invalid
from .target import parse_target

VARIABLE = "GESTALT_RUNTIME_LOG_SOCKET"
APPEND_SECONDS = 2.0
# Lines for a stderr that nobody reads are dropped past this number (PROC-5).
STDERR_LINES = 1_000


class Outcome(enum.Enum):
    TAKEN = enum.auto()
    REFUSED = enum.auto()
    UNKNOWN_SESSION = enum.auto()
    UNREACHABLE = enum.auto()


UNREACHABLE = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)


class LogHost:
    def __init__(self, channel: grpc.aio.Channel | None, token: str) -> None:
        self._channel = channel
        self._metadata = (("x-gestalt-host-service-relay-token", token),) if token else ()
        self._lines: queue.Queue[str] = queue.Queue(STDERR_LINES)
        if channel is None:
            threading.Thread(target=self._write_lines, daemon=True).start()
        else:
            self._stub = runtime_logs_pb2_grpc.PluginRuntimeLogHostStub(channel)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LogHost":
        socket = environment.get(VARIABLE, "")
        if socket == "":
            return cls(None, "")
        try:
            target = parse_target(f"unix://{socket}" if socket.startswith("/") else socket)
        except ValueError as error:
            raise invalid(f"{VARIABLE} {error}") from None
        if target.scheme == "tls":
            channel = grpc.aio.secure_channel(target.address, grpc.ssl_channel_credentials())
        else:
            address = f"unix:{target.address}" if target.scheme == "unix" else target.address
            channel = grpc.aio.insecure_channel(address)
        return cls(channel, environment.get(f"{VARIABLE}_TOKEN", ""))

    @property
    def is_there(self) -> bool:
        return self._channel is not None

    async def append(self, session_id: str, batch: list) -> Outcome:
        request = runtime_logs_pb2.AppendPluginRuntimeLogsRequest(session_id=session_id, logs=batch)
        try:
            await self._stub.AppendLogs(request, timeout=APPEND_SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() in UNREACHABLE:
                return Outcome.UNREACHABLE
            # Hosts of before 2026-04-30 say the second (LOGS-2).
            is_unknown = error.code() == grpc.StatusCode.NOT_FOUND or (
                error.code() == grpc.StatusCode.INTERNAL
                and (error.details() or "").endswith("runtime session not found")
            )
            return Outcome.UNKNOWN_SESSION if is_unknown else Outcome.REFUSED
        return Outcome.TAKEN

    def write(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            pass

    def _write_lines(self) -> None:
        # A thread of its own: it is stuck for as long as nobody reads.
        while True:
            try:
                os.write(2, f"{self._lines.get()}\n".encode())
            except OSError:
                return

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
