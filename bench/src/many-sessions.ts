import { PluginRuntimeProvider } from "@gestalt-runtime/sdk/protocol";
import { findLoad } from "./load.js";
import { busySessions } from "./programs.js";
import { absoluteRow, type Effort, type Row } from "./row.js";
import { startSubject } from "./subject.js";

const sessions = 1_000;
const starting = 50;
/** How long the subject waits for plugins that never listen. */
const readySeconds = 3;

/** GetSession while a thousand sessions live and fifty plugins are being started, and what an idle session costs. */
export async function measureManySessions({ isQuick }: Effort): Promise<Row[]> {
  const subject = await startSubject(busySessions);
  try {
    const { ProviderLifecycle } = await import("@gestalt-runtime/sdk/protocol");
    await subject.channel.client(ProviderLifecycle).configureProvider({ name: "bench", protocolVersion: 3 });
    const client = subject.channel.client(PluginRuntimeProvider);
    const start = async (): Promise<string> =>
      (await client.startSession({ pluginName: "example", metadata: { provider_name: "example" } })).id;
    // What the first sessions bring in is the runtime's cost, not theirs.
    for (let warm = 0; warm < 50; warm += 1) await start();
    const before = await subject.bytesInUse();
    const ids: string[] = [];
    while (ids.length < sessions) ids.push(...(await Promise.all(Array.from({ length: 50 }, start))));
    for (const sessionId of ids) await client.getSession({ sessionId });
    const after = await subject.bytesInUse();
    const { load } = await findLoad();
    const storm = ids.slice(0, starting).map((sessionId) =>
      client.startPlugin({ sessionId, pluginName: "example", command: "/bin/true" }).then(
        () => undefined,
        () => undefined,
      ),
    );
    // From outside: this process has pauses of its own, and they would be taken for the provider's.
    const { p99Us } = await load(subject, ids[starting] ?? "", { seconds: isQuick ? 1 : readySeconds }, 1);
    await Promise.all(storm);
    return [
      absoluteRow(`GetSession, p99, ${sessions} sessions, ${starting} starting`, p99Us / 1_000, "ms", 5),
      absoluteRow("an idle session's memory", (after - before) / 1024 / sessions, "KiB", 20),
    ];
  } finally {
    await subject.stop();
  }
}
