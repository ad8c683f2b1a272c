"""What a call is refused with, and the one place where errors become gRPC statuses."""

import functools
import os
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc


class Refusal(Exception):
    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)


def precondition(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.FAILED_PRECONDITION, message)


def complain(message: str) -> None:
    # Not through sys.stderr, whose lock would outlive a writer that is stuck in it.
    try:
        os.write(2, f"python-runtime: {message}\n".encode())
    except OSError:
        pass


Handler = Callable[[Any, Any, grpc.aio.ServicerContext], Awaitable[Any]]


def answers(method: Handler) -> Handler:
    """Makes a servicer's method: refusals become their status, anything else that is raised INTERNAL."""

    @functools.wraps(method)
    async def handle(self: Any, request: Any, context: grpc.aio.ServicerContext) -> Any:
        try:
            return await method(self, request, context)
        except Refusal as refusal:
            code, message = refusal.code, str(refusal)
        except Exception as error:
            complain(traceback.format_exc())
            code, message = grpc.StatusCode.INTERNAL, f"{method.__name__} failed: {error}"
        await context.abort(code, message)

    return handle
