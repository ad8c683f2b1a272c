"""The config that config.schema.json describes."""

from dataclasses import dataclass

from google.protobuf.struct_pb2 import Struct

from .refusal import invalid

# Lowest and highest value of each field.
FIELDS = {"readyTimeoutMs": (1, 3_600_000), "stopGraceMs": (0, 2_000)}


@dataclass(frozen=True)
class Config:
    ready_timeout_seconds: float
    stop_grace_seconds: float


def parse_config(given: Struct) -> Config:
    """Names every fault at once (LIFE-3). A config that is absent is an empty one (LIFE-2)."""
    values = {"readyTimeoutMs": 60_000.0, "stopGraceMs": 1_500.0}
    faults = []
    for name in sorted(given.fields):
        value = given.fields[name]
        if name not in FIELDS:
            faults.append(f"/{name} is not a known field; there are {' and '.join(FIELDS)}")
            continue
        lowest, highest = FIELDS[name]
        # All numbers arrive as doubles.
        number = value.number_value if value.HasField("number_value") else None
        if number is None or not number.is_integer() or not lowest <= number <= highest:
            faults.append(f"/{name} must be a whole number from {lowest} to {highest}")
            continue
        values[name] = number
    if faults:
        raise invalid("config: " + "; ".join(faults))
    return Config(values["readyTimeoutMs"] / 1_000, values["stopGraceMs"] / 1_000)
