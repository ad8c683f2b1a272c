"""A runtime provider for gestaltd in Python, on grpcio and the code that the .proto files give.

It runs each plugin as a process of this machine. Ids such as PLUG-6 in comments are those of the host's contract.
"""

import asyncio
import sys

from runtime.serve import serve

if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))
