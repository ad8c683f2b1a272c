"""The parent of one plugin, a program of its own: `python keeper.py <descriptor of the socket to the provider>`.

Whatever a plugin starts, and however it hides (setsid, double fork), stays a descendant of its keeper, because orphans
go to the nearest subreaper. The keeper ends all of them when it is told to, when the plugin has ended, and when its
provider is gone: the kernel closes the socket then (PROC-8).

From the provider come lines of JSON: first what to start, then {"graceSeconds": n} to stop it. To the provider go
{"started": true} or {"failure": text}, and then {"code": n} or {"signal": name} when the plugin has ended.
"""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
KILL_ROUND_SECONDS = 0.005


def main() -> None:
    provider = socket.socket(fileno=int(sys.argv[1]))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        return tell(provider, failure=f"PR_SET_CHILD_SUBREAPER: {os.strerror(ctypes.get_errno())}")
    lines = provider.makefile("r", encoding="utf-8")
    order = json.loads(lines.readline() or "null")
    if order is None:
        return
    # Ends of children wake the select below.
    child_ended, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        plugin = launch(order)
    except OSError as error:
        return tell(provider, failure=explain(os.path.abspath(order["command"]), error))
    tell(provider, started=True)
    keep(plugin, provider, child_ended)


def launch(order: dict) -> int:
    """Runs the command exactly as given: no shell, no look-up in PATH (PLUG-1)."""
    return subprocess.Popen(
        [order["command"], *order["args"]],
        executable=os.path.abspath(order["command"]),
        # This process is the plugin's real parent (PLUG-3).
        env={**order["env"], "GESTALT_PLUGIN_PARENT_PID": str(os.getpid())},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ).pid


def explain(path: str, error: OSError) -> str:
    if not os.path.exists(path):
        return f"the program {path} can't be found: {os.strerror(error.errno)}"
    if os.path.isdir(path):
        return f"{path} is a directory, not a program"
    if not os.access(path, os.X_OK):
        return f"{path} is not executable; set its run bit"
    return f"the program {path} can't be started: {os.strerror(error.errno)}"


def keep(plugin: int, provider: socket.socket, child_ended: int) -> None:
    kill_at = None
    while True:
        timeout = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        ready, _, _ = select.select([provider, child_ended], [], [], timeout)
        if child_ended in ready:
            os.read(child_ended, 4_096)
            status = reap().get(plugin)
            if status is not None:
                # At once: what is left is ended after it (SESS-10).
                tell(provider, **describe(status))
                kill_all()
                return
        if provider in ready:
            line = provider.recv(4_096)
            if line == b"":
                kill_all()
                return
            kill_at = time.monotonic() + json.loads(line)["graceSeconds"]
            terminate(plugin)
        elif kill_at is not None and time.monotonic() >= kill_at:
            ended = kill_all()
            tell(provider, **describe(ended.get(plugin, signal.SIGKILL)))
            return


def terminate(plugin: int) -> None:
    try:
        os.killpg(plugin, signal.SIGTERM)
    except ProcessLookupError:
        # It has left its own process group.
        os.kill(plugin, signal.SIGTERM)


def reap() -> dict[int, int]:
    """Collects every child that has ended: the plugin, and orphans that came to this process."""
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def kill_all() -> dict[int, int]:
    """Kills children until there are none: those of a killed one come to this process in their turn."""
    ended = {}
    while children := children_of(os.getpid()):
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        time.sleep(KILL_ROUND_SECONDS)
        ended |= reap()
    return ended


def children_of(parent: int) -> list[int]:
    children = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                text = file.read()
        except OSError:
            continue
        # The name, in parentheses, may hold anything; state and parent come after it.
        fields = text[text.rindex(b")") + 2 :].split()
        if int(fields[1]) == parent:
            children.append(int(name))
    return children


def describe(status: int) -> dict[str, object]:
    if os.WIFSIGNALED(status):
        return {"signal": signal.Signals(os.WTERMSIG(status)).name}
    return {"code": os.WEXITSTATUS(status)}


def tell(provider: socket.socket, **report: object) -> None:
    try:
        provider.sendall(json.dumps(report).encode() + b"\n")
    except OSError:
        # The provider is gone, and this process is about to find out.
        pass


main()
