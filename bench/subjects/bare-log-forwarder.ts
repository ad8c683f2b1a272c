import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import {
  openChannel,
  PluginRuntimeLogEntrySchema,
  PluginRuntimeLogHost,
  PluginRuntimeLogStream,
  type PluginRuntimeLogEntry,
} from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";

/*
 * The floor: the same lines in the same batches over a bare grpc-js client. It trusts that a line is never cut, that
 * text is right and that the host answers; it bounds nothing and repeats nothing.
 */
const channel = openChannel(`unix:${process.argv[2] ?? ""}`, credentials.createInsecure());
const client = channel.client(PluginRuntimeLogHost);
let sequence = 0n;
let rest = "";
let logs: PluginRuntimeLogEntry[] = [];

async function send(): Promise<void> {
  const batch = logs;
  logs = [];
  await client.appendLogs({ sessionId: "s-1", logs: batch });
}

for await (const chunk of process.stdin) {
  const lines = (rest + (chunk as Buffer).toString()).split("\n");
  rest = lines.pop() ?? "";
  for (const message of lines) {
    sequence += 1n;
    logs.push(
      create(PluginRuntimeLogEntrySchema, {
        stream: PluginRuntimeLogStream.STDOUT,
        message,
        observedAt: timestampNow(),
        sourceSeq: sequence,
      }),
    );
    if (logs.length === 1_000) await send();
  }
}
if (logs.length > 0) await send();
channel.close();
