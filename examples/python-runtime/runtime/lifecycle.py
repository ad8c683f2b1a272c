"""ProviderLifecycle (LIFE)."""

from gestalt.provider.v1 import lifecycle_pb2, lifecycle_pb2_grpc

from .config import parse_config
from .provider import Provider
from .refusal import answers, precondition

PROTOCOL_VERSION = 3


class LifecycleService(lifecycle_pb2_grpc.ProviderLifecycleServicer):
    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @answers
    async def GetProviderIdentity(self, request, context):
        return lifecycle_pb2.ProviderIdentity(
            kind=lifecycle_pb2.PROVIDER_KIND_RUNTIME,
            name="python-runtime",
            display_name="Python runtime",
            description="Runs plugins as processes of this machine; written in Python without an SDK.",
            version="0.1.0",
            min_protocol_version=PROTOCOL_VERSION,
            max_protocol_version=PROTOCOL_VERSION,
        )

    @answers
    async def ConfigureProvider(self, request, context):
        if request.protocol_version != PROTOCOL_VERSION:
            raise precondition(
                f"protocol_version is {request.protocol_version}; this provider speaks {PROTOCOL_VERSION}"
            )
        await self.provider.configure(parse_config(request.config))
        return lifecycle_pb2.ConfigureProviderResponse(protocol_version=PROTOCOL_VERSION)

    @answers
    async def HealthCheck(self, request, context):
        """Trouble is said in the answer, never as an error (LIFE-4)."""
        if self.provider.config is None:
            return lifecycle_pb2.HealthCheckResponse(message="this provider is not configured yet")
        return lifecycle_pb2.HealthCheckResponse(ready=True)

    @answers
    async def StartProvider(self, request, context):
        """Nothing is left to start: all of it began with the config (LIFE-5)."""
        self.provider.assert_configured()
        return lifecycle_pb2.StartRuntimeProviderResponse(protocol_version=PROTOCOL_VERSION)
