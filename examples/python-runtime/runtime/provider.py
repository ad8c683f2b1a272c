"""What all calls share: the config, the sessions, the log host, the directory."""

import asyncio
import os
import tempfile
from pathlib import Path

import grpc

from .config import Config
from .directory import InstanceDirectory
from .loghost import LogHost
from .refusal import Refusal, invalid, precondition
from .session import Session


class Provider:
    def __init__(self) -> None:
        self.config: Config | None = None
        self.directory: InstanceDirectory | None = None
        self.log_host: LogHost | None = None
        self.sessions: dict[str, Session] = {}
        self._configuring = asyncio.Lock()

    async def configure(self, config: Config) -> None:
        """Takes the one config of this provider's life; a refused one leaves it as it was (LIFE-3)."""
        async with self._configuring:
            if self.config is not None:
                raise precondition("this provider is configured already; start another one")
            log_host = LogHost.from_environment(os.environ)
            parent = Path(tempfile.gettempdir())
            # What a dead predecessor left is gone before the answer (REC-2); waiting for that must not block calls.
            self.directory = await asyncio.to_thread(InstanceDirectory.open, parent)
            self.log_host, self.config = log_host, config

    def assert_configured(self) -> Config:
        if self.config is None:
            raise precondition("call ConfigureProvider first: this provider has no config yet")
        return self.config

    def heard(self, session_id: str) -> Session:
        """A session that the host has named, and so knows (SESS-6)."""
        self.assert_configured()
        if session_id == "":
            raise invalid("session_id is empty; send the id that StartSession gave")
        session = self.sessions.get(session_id)
        if session is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f'there is no session "{session_id}"')
        session.heard()
        return session

    async def stop(self, session: Session, grace_seconds: float) -> None:
        await session.stop(grace_seconds)
        await session.log.flush()
        self.sessions.pop(session.id, None)

    async def close(self, grace_seconds: float) -> None:
        await asyncio.gather(*(session.stop(grace_seconds) for session in self.sessions.values()))
        if self.log_host is not None:
            await self.log_host.close()
        if self.directory is not None:
            self.directory.remove()
