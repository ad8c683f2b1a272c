/** A bridge from a port, which it prints, to the Unix socket that it is given. */
import { openBridge, parseDialTarget } from "@gestalt-runtime/sdk";

const bridge = await openBridge({ listen: { type: "tcp" }, upstream: `unix://${process.argv[2] ?? ""}` });
const target = parseDialTarget(bridge.target);
if (target.type !== "unix") process.stdout.write(String(target.port));
