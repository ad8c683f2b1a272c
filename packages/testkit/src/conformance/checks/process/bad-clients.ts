import { connect } from "node:net";
import { PluginRuntimeProvider, ProviderLifecycle } from "@gestalt-runtime/sdk/protocol";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";
import { framed, rawBytes, rawCall, type RawAnswer, type RawCall } from "../../subject/raw-call.js";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** How long a connection stays that the provider does not close. */
const lingerMs = 100;

const noise = [
  ["that sent bytes of no protocol", Buffer.from("\0\x01\xff\xfe".repeat(64), "latin1")],
  ["that spoke HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")],
  ["that sent half of HTTP/2's preface", preface.subarray(0, 10)],
  ["that began as HTTP/2 and went on with noise", Buffer.concat([preface, Buffer.alloc(64, 0xaa)])],
  ["that sent a frame of a length that is not allowed", Buffer.concat([preface, Buffer.alloc(9, 0xff)])],
] as const;

export const outlivesNoise = defineCheck({
  id: "process/connection/outlives-noise",
  title: "connections that do not speak HTTP/2, or say nothing, disturb no other",
  requirements: ["PROC-1"],
  needs: ["spawned"],
  cause:
    "An error event of a connection has no listener, and ends the process; or one connection is served at a time.",
  mend: "Listen for the errors of each connection and close that one alone. Serve connections side by side.",
  run: async (t) => {
    const provider = await t.provider();
    const { socketPath } = provider.instance;
    const silent = connect(socketPath);
    silent.on("error", () => undefined);
    t.cleanUp("close the silent connection", () => silent.destroy());
    await answersStill(t, provider, "beside a connection that says nothing");
    for (const [what, bytes] of noise) {
      await rawBytes(socketPath, bytes, lingerMs);
      await answersStill(t, provider, `after a connection ${what}`);
    }
  },
});

const getSession = `/${PluginRuntimeProvider.typeName}/${PluginRuntimeProvider.method.getSession.name}`;
const unimplemented = 12;
/** Above gRPC's usual limit of 4 MiB; a runtime may have another. */
const large = Buffer.concat([
  Buffer.from([0x0a, 0x80, 0x80, 0xc0, 0x02]),
  Buffer.alloc(5 * 1024 * 1024, "x"),
]);

type Wanted = "an error" | "any status" | "UNIMPLEMENTED";

const calls: readonly (readonly [what: string, call: RawCall, wanted: Wanted])[] = [
  [
    "GetSession with bytes that are no protobuf",
    { path: getSession, body: framed(Buffer.alloc(8, 0xff)) },
    "an error",
  ],
  [
    "GetSession with a message that is said to be compressed, in no way that was named",
    { path: getSession, body: framed(Buffer.from("x"), { compressed: true }) },
    "an error",
  ],
  [
    "GetSession with a message that ends early",
    { path: getSession, body: framed(Buffer.from("x"), { length: 100 }) },
    "an error",
  ],
  ["GetSession without a message", { path: getSession, body: Buffer.alloc(0) }, "an error"],
  ["GetSession with a message of 5 MiB", { path: getSession, body: framed(large) }, "any status"],
  [
    "a method that is not there",
    { path: `/${PluginRuntimeProvider.typeName}/NoSuchMethod`, body: framed(Buffer.alloc(0)) },
    "UNIMPLEMENTED",
  ],
  [
    "a service that is not there",
    { path: `/${ProviderLifecycle.typeName}Other/NoSuchMethod`, body: framed(Buffer.alloc(0)) },
    "UNIMPLEMENTED",
  ],
];

export const outlivesBadMessages = defineCheck({
  id: "process/call/outlives-bad-messages",
  title:
    "calls with messages that are broken or too large, or of unknown methods, end with an error and disturb no other",
  requirements: ["PROC-1"],
  needs: ["spawned"],
  cause: "A message that can't be read throws outside of any handler, or its call is never ended.",
  mend:
    "Answer a status for every call: a gRPC library does so by itself, unless its deserialiser's errors are caught elsewhere " +
    "or its limits are taken away. Unknown methods and services are UNIMPLEMENTED.",
  run: async (t) => {
    const provider = await t.provider();
    for (const [what, call, wanted] of calls) {
      const { signal } = t;
      const withinMs = t.subject.times.callMs;
      const answer = await rawCall(provider.instance.socketPath, call, { withinMs, signal });
      t.expect(isWanted(answer, wanted), `${what} ${said(answer)}; expected ${wanted}`);
      await answersStill(t, provider, `after ${what}`);
    }
  },
});

async function answersStill(t: CheckContext, provider: SubjectProvider, when: string): Promise<void> {
  await t.expect.answered(`GetProviderIdentity ${when}`, provider.lifecycle.getProviderIdentity());
}

function isWanted(answer: RawAnswer, wanted: Wanted): boolean {
  // A stream that is reset is an error to its client.
  if (answer.kind === "cut")
    return wanted !== "UNIMPLEMENTED" && answer.how.startsWith("the stream was reset");
  if (wanted === "any status") return true;
  return wanted === "UNIMPLEMENTED" ? answer.status === unimplemented : answer.status !== 0;
}

function said(answer: RawAnswer): string {
  return answer.kind === "cut" ? `got no status: ${answer.how}` : `was answered with status ${answer.status}`;
}
