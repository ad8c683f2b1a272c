import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PluginRuntimeLogStream(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLUGIN_RUNTIME_LOG_STREAM_UNSPECIFIED: _ClassVar[PluginRuntimeLogStream]
    PLUGIN_RUNTIME_LOG_STREAM_STDOUT: _ClassVar[PluginRuntimeLogStream]
    PLUGIN_RUNTIME_LOG_STREAM_STDERR: _ClassVar[PluginRuntimeLogStream]
    PLUGIN_RUNTIME_LOG_STREAM_RUNTIME: _ClassVar[PluginRuntimeLogStream]
PLUGIN_RUNTIME_LOG_STREAM_UNSPECIFIED: PluginRuntimeLogStream
PLUGIN_RUNTIME_LOG_STREAM_STDOUT: PluginRuntimeLogStream
PLUGIN_RUNTIME_LOG_STREAM_STDERR: PluginRuntimeLogStream
PLUGIN_RUNTIME_LOG_STREAM_RUNTIME: PluginRuntimeLogStream

class PluginRuntimeLogEntry(_message.Message):
    __slots__ = ("stream", "message", "observed_at", "source_seq")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SEQ_FIELD_NUMBER: _ClassVar[int]
    stream: PluginRuntimeLogStream
    message: str
    observed_at: _timestamp_pb2.Timestamp
    source_seq: int
    def __init__(self, stream: _Optional[_Union[PluginRuntimeLogStream, str]] = ..., message: _Optional[str] = ..., observed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source_seq: _Optional[int] = ...) -> None: ...

class AppendPluginRuntimeLogsRequest(_message.Message):
    __slots__ = ("session_id", "logs")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    logs: _containers.RepeatedCompositeFieldContainer[PluginRuntimeLogEntry]
    def __init__(self, session_id: _Optional[str] = ..., logs: _Optional[_Iterable[_Union[PluginRuntimeLogEntry, _Mapping]]] = ...) -> None: ...

class AppendPluginRuntimeLogsResponse(_message.Message):
    __slots__ = ("last_seq",)
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    last_seq: int
    def __init__(self, last_seq: _Optional[int] = ...) -> None: ...
