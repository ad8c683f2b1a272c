"""One plugin with its keeper, as the provider sees them."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
QUOTED_BYTES = 2_000

Output = Callable[[str, bytes], None]


class LaunchError(Exception):
    """Why the program can't run (PLUG-6)."""


class Guest:
    def __init__(self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._writer = writer
        self.ended: asyncio.Future[dict] = asyncio.get_running_loop().create_future()
        # Done when nothing that the plugin started is left, and all of its output has been read.
        self.gone: asyncio.Task[None] | None = None
        self.last_words = b""

    @classmethod
    async def start(cls, order: dict, keepers_lock: int, output: Output) -> "Guest":
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-I", "-S", str(KEEPER), str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    env={},
                    # The lock is held by being open (REC-2).
                    pass_fds=(theirs.fileno(), keepers_lock),
                    # Signals to the provider's process group are not for the keeper.
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        reader, writer = await asyncio.open_connection(sock=ours)
        guest = cls(process, writer)
        started: asyncio.Future[dict] = asyncio.get_running_loop().create_future()
        guest.gone = asyncio.create_task(guest._follow(reader, started, output))
        try:
            writer.write(json.dumps(order).encode() + b"\n")
            first = await started
        except BaseException:
            await guest.kill()
            raise
        if "started" not in first:
            await guest.kill()
            raise LaunchError(first.get("failure", "the plugin's keeper ended before it had started the plugin"))
        return guest

    async def stop(self, grace_seconds: float) -> None:
        """Asks the plugin to end, and ends all that is left of it after the grace."""
        if grace_seconds > 0 and not self.ended.done():
            self._writer.write(json.dumps({"graceSeconds": grace_seconds}).encode() + b"\n")
            await self.ended
        await self.kill()

    async def kill(self) -> None:
        """Ends it at once: a keeper takes the end of its orders for that."""
        self._writer.close()
        await asyncio.shield(self.gone)

    def quote(self) -> str:
        text = self.last_words.decode(errors="replace").strip()
        return f"; the end of its stderr: {text}" if text else ""

    async def _follow(self, reader: asyncio.StreamReader, started: asyncio.Future, output: Output) -> None:
        def keep_last_words(stream: str, chunk: bytes) -> None:
            if stream == "stderr":
                self.last_words = (self.last_words + chunk)[-QUOTED_BYTES:]
            output(stream, chunk)

        reading = asyncio.gather(
            read_all(self._process.stdout, "stdout", keep_last_words),
            read_all(self._process.stderr, "stderr", keep_last_words),
        )
        first = await read_report(reader)
        if not started.done():
            started.set_result(first)
        self.ended.set_result(await read_report(reader) or {"signal": "SIGKILL"})
        await self._process.wait()
        await reading
        self._writer.close()


async def read_report(reader: asyncio.StreamReader) -> dict:
    try:
        line = await reader.readline()
        return json.loads(line) if line.endswith(b"\n") else {}
    except ConnectionError:
        return {}


async def read_all(reader: asyncio.StreamReader, stream: str, output: Output) -> None:
    while chunk := await reader.read(65_536):
        output(stream, chunk)


def describe_end(end: dict) -> str:
    if "signal" in end:
        return f"the plugin was ended by the signal {end['signal']}"
    return f"the plugin exited with code {end['code']}"


def is_clean(end: dict) -> bool:
    return end.get("code") == 0


def safe_base() -> dict[str, str]:
    """What a plugin gets of the provider's own environment; the operator's secrets are in the rest (PLUG-2)."""
    names = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in names if name in os.environ}
