import { createLogForwarder } from "@gestalt-runtime/sdk";

/** Forwards its stdin through the SDK's log forwarder. */
const logs = createLogForwarder({ target: `unix://${process.argv[2] ?? ""}` });
const log = logs.session("s-1");
log.answered();
log.registered();
await log.consume("stdout", process.stdin);
await log.flush(60_000);
await logs.close();
