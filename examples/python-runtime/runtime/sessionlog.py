"""One session's records on their way to the log host: in order, bounded, and nobody waits for them (LOGS)."""

import asyncio
import contextlib
from collections import deque

from google.protobuf.timestamp_pb2 import Timestamp

from gestalt.provider.v1 import runtime_logs_pb2

from .loghost import LogHost, Outcome

MAX_LINE_BYTES = 16 << 10
MAX_QUEUE_BYTES = 1 << 20
MAX_BATCH_BYTES = 256 << 10
# What a record costs besides its text.
RECORD_BYTES = 64
# How long a session that no call names waits for being known, and then how long the host may not know it.
HOLD_SECONDS = 2.0
PATIENCE_SECONDS = 5.0
FLUSH_SECONDS = 0.5
FIRST_RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 1.0

STREAMS = {
    "stdout": runtime_logs_pb2.PLUGIN_RUNTIME_LOG_STREAM_STDOUT,
    "stderr": runtime_logs_pb2.PLUGIN_RUNTIME_LOG_STREAM_STDERR,
}


class SessionLog:
    def __init__(self, session_id: str, host: LogHost) -> None:
        self._session_id = session_id
        self._host = host
        self._queue: deque = deque()
        self._bytes = 0
        self._dropped = 0
        self._sequence = 0
        self._ended = self._lost = False
        self._parts = {"stdout": b"", "stderr": b""}
        self._released = asyncio.Event()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._sender = asyncio.create_task(self._send()) if host.is_there else None

    def release(self) -> None:
        """Records may go out: the host registers a session only some time after StartSession (LOGS-2)."""
        self._released.set()

    def write(self, stream: str, chunk: bytes) -> None:
        """Takes a plugin's output, and pushes it line by line; lines that are too long come in parts."""
        *lines, rest = (self._parts[stream] + chunk).split(b"\n")
        *parts, rest = _parts_of(rest)
        lines += parts
        self._parts[stream] = rest
        for line in lines:
            self._push_line(stream, line)

    def finish(self) -> None:
        """What stands behind the last newline is a line as well."""
        for stream, rest in self._parts.items():
            if rest:
                self._push_line(stream, rest)
        self._parts = {"stdout": b"", "stderr": b""}

    def _push_line(self, stream: str, line: bytes) -> None:
        for part in _parts_of(line):
            self.push(STREAMS[stream], part.removesuffix(b"\r").decode(errors="replace"))

    def push(self, stream: int, message: str) -> None:
        if not self._host.is_there:
            name = runtime_logs_pb2.PluginRuntimeLogStream.Name(stream).rsplit("_", 1)[1].lower()
            self._host.write(f"{self._session_id} {name}: {message}")
            return
        if self._lost:
            return
        # The host drops empty messages.
        self._queue.append((stream, message or "\n", now()))
        self._bytes += size_of(message)
        while self._bytes > MAX_QUEUE_BYTES:
            self._bytes -= size_of(self._queue.popleft()[1])
            self._dropped += 1
        self._idle.clear()
        self._wake.set()

    async def flush(self) -> None:
        """Waits until all that was pushed has been taken, for a moment at most (LOGS-3, LOGS-6)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._idle.wait()

    def end(self) -> None:
        """Lets what is left go out, and then no more."""
        self.finish()
        self._ended = True
        self._released.set()
        self._wake.set()

    async def _send(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HOLD_SECONDS):
                await self._released.wait()
        while not self._lost:
            batch = self._next()
            if batch:
                await self._deliver(batch)
                continue
            self._idle.set()
            if self._ended:
                return
            self._wake.clear()
            await self._wake.wait()
        self._idle.set()

    def _next(self) -> list:
        """What goes into one call; it says first what had to be dropped (LOGS-4)."""
        batch, size = [], 0
        if self._dropped > 0 and self._queue:
            text = f"{self._dropped} lines were dropped here: the log host took them too slowly"
            batch.append(self._entry(runtime_logs_pb2.PLUGIN_RUNTIME_LOG_STREAM_RUNTIME, text, now()))
            self._dropped = 0
        while self._queue and size < MAX_BATCH_BYTES:
            record = self._queue.popleft()
            size += size_of(record[1])
            self._bytes -= size_of(record[1])
            batch.append(self._entry(*record))
        return batch

    def _entry(self, stream: int, message: str, observed_at: Timestamp) -> runtime_logs_pb2.PluginRuntimeLogEntry:
        self._sequence += 1
        return runtime_logs_pb2.PluginRuntimeLogEntry(
            stream=stream, message=message, observed_at=observed_at, source_seq=self._sequence
        )

    async def _deliver(self, batch: list) -> None:
        loop = asyncio.get_running_loop()
        retry, unknown_since = FIRST_RETRY_SECONDS, None
        while True:
            outcome = await self._host.append(self._session_id, batch)
            if outcome is Outcome.TAKEN:
                return
            if outcome is Outcome.REFUSED:
                self._dropped += len(batch)
                return
            if outcome is Outcome.UNREACHABLE:
                unknown_since = None
                # The host closes its log host before it ends this provider (LOGS-6).
                if self._ended:
                    return self._lose()
            else:
                unknown_since = unknown_since or loop.time()
                if loop.time() - unknown_since > PATIENCE_SECONDS:
                    return self._lose()
            await asyncio.sleep(retry)
            retry = min(2 * retry, LONGEST_RETRY_SECONDS)

    def _lose(self) -> None:
        self._lost = True
        self._queue.clear()
        self._bytes = 0


def now() -> Timestamp:
    timestamp = Timestamp()
    timestamp.GetCurrentTime()
    return timestamp


def size_of(message: str) -> int:
    # A character is at most four bytes, and nearly always one.
    return len(message) + RECORD_BYTES


def _parts_of(line: bytes) -> list[bytes]:
    """A line in parts that are not too long, cut between characters: only their first bytes don't begin with 10."""
    parts = []
    while len(line) > MAX_LINE_BYTES:
        end = MAX_LINE_BYTES
        while end > MAX_LINE_BYTES - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(line[:end])
        line = line[end:]
    return [*parts, line]
