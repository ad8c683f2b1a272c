"""A protoc plugin for buf: the Python code that grpcio-tools writes, which brings a protoc and no plugin.

The package's folders begin at `gestalt/`, which is where buf writes: that first part of each name is taken off.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def main() -> None:
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    answer = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        descriptors = folder / "descriptors.bin"
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = folder / "out"
        out.mkdir()
        arguments = [
            "protoc",
            f"--descriptor_set_in={descriptors}",
            f"--python_out={out}",
            f"--pyi_out={out}",
            f"--grpc_python_out={out}",
            *request.file_to_generate,
        ]
        if protoc.main(arguments) != 0:
            sys.exit("protoc failed; what it said stands above")
        for path in sorted(out.rglob("*.py*")):
            inside = path.relative_to(out / "gestalt")
            answer.file.add(name=str(inside), content=path.read_text())
    sys.stdout.buffer.write(answer.SerializeToString())


main()
