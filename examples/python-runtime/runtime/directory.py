"""The directory of one provider process, and what dead ones have left (REC-2).

Two locks of the kernel say what of a directory is alive, and both die with their holders: that on the directory is its
provider's alone; that on the file `keepers` is inherited by every keeper, and held until the last of them has ended.
"""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

# How long keepers of a dead provider may take to end what they keep.
KEEPERS_END_SECONDS = 5.0
POLL_SECONDS = 0.02


class InstanceDirectory:
    def __init__(self, path: Path, owner: int, keepers: int) -> None:
        self.path = path
        self.keepers = keepers
        self._owner = owner

    @classmethod
    def open(cls, parent: Path) -> "InstanceDirectory":
        prefix = f"gestalt-python-runtime-{os.getuid()}-"
        remove_leftovers(parent, prefix)
        while True:
            path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            owner = lock(path, fcntl.LOCK_EX)
            # Between the two calls it was nobody's: another instance may have cleaned it away.
            if owner is not None and is_still_there(path, owner):
                break
        keepers = os.open(path / "keepers", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(keepers, fcntl.LOCK_SH)
        return cls(path, owner, keepers)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.keepers)
        os.close(self._owner)


def remove_leftovers(parent: Path, prefix: str) -> None:
    for path in parent.glob(f"{prefix}*"):
        try:
            if path.is_symlink() or path.lstat().st_uid != os.getuid():
                continue
        except FileNotFoundError:
            continue
        owner = lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if owner is None:
            continue
        if is_still_there(path, owner) and have_keepers_ended(path):
            shutil.rmtree(path, ignore_errors=True)
        os.close(owner)


def lock(path: Path, how: int) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def is_still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def have_keepers_ended(path: Path) -> bool:
    try:
        descriptor = os.open(path / "keepers", os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        deadline = time.monotonic() + KEEPERS_END_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(POLL_SECONDS)
        return False
    finally:
        os.close(descriptor)
