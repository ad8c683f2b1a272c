import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  GetPluginRuntimeSessionRequestSchema,
  StartPluginRuntimeSessionRequestSchema,
} from "../../src/protocol/index.js";
import type { CallContext, StartSessionRequest } from "../../src/index.js";
import { provider, serve, type Served } from "./serve-in-process.js";

/** Sends bytes as a message of a call, as no typed client would, and returns the gRPC status. */
async function callRaw(served: Served, method: string, bytes: Uint8Array): Promise<string | undefined> {
  const session = connectHttp2("http://localhost", { createConnection: () => connect(served.socketPath) });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": `/gestalt.provider.v1.PluginRuntimeProvider/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  stream.end(Buffer.concat([head, bytes]));
  stream.resume();
  let grpcStatus: unknown;
  for (const event of ["response", "trailers"])
    stream.on(event, (headers: IncomingHttpHeaders) => (grpcStatus ??= headers["grpc-status"]));
  await once(stream, "close");
  return grpcStatus as string | undefined;
}

describe("what comes over the wire", () => {
  it("a field that this version does not know passes unharmed", async () => {
    const served = await serve(provider());
    const known = toBinary(
      GetPluginRuntimeSessionRequestSchema,
      create(GetPluginRuntimeSessionRequestSchema, { sessionId: "s" }),
    );
    // Field 99 as text, field 100 as a number.
    const unknown = Buffer.from([0x9a, 0x06, 0x03, 0x61, 0x62, 0x63, 0xa0, 0x06, 0x07]);
    expect(await callRaw(served, "GetSession", Buffer.concat([known, unknown]))).toBe("0");
    expect(served.log.lines).toEqual([]);
  });

  it.each([
    ["a cut-off field", [0x0a, 0x20, 0x61]],
    ["a wrong wire type", [0x0b]],
    ["text that is no UTF-8", [0x0a, 0x02, 0xc3, 0x28]],
  ])("a message with %s is INTERNAL, and the provider lives", async (_, bytes) => {
    const served = await serve(provider());
    expect(await callRaw(served, "GetSession", Buffer.from(bytes))).toBe("13");
    expect(await served.runtime.getSession({ sessionId: "s" })).toMatchObject({ id: "s" });
  });

  it("a method that no provider has is UNIMPLEMENTED", async () => {
    expect(await callRaw(await serve(provider()), "Reboot", Buffer.alloc(0))).toBe("12");
  });

  it("SESS-3: hints that the operator did not set are absent, and those set arrive", async () => {
    const seen: StartSessionRequest[] = [];
    const { runtime } = await serve(
      provider({
        startSession: (request) => {
          seen.push(request);
          return { id: "s", state: "ready", metadata: request.metadata };
        },
      }),
    );
    await runtime.startSession({ pluginName: "p" });
    await runtime.startSession(
      create(StartPluginRuntimeSessionRequestSchema, {
        pluginName: "p",
        image: "img:1",
        template: "small",
        imagePullAuth: { dockerConfigJson: "{}" },
        metadata: { ключ: "значение", empty: "" },
      }),
    );
    expect(seen).toEqual([
      { pluginName: "p", metadata: {} },
      {
        pluginName: "p",
        image: "img:1",
        template: "small",
        dockerConfigJson: "{}",
        metadata: { ключ: "значение", empty: "" },
      },
    ]);
  });
});

describe("a call's end, again and again", () => {
  it("PLUG-7, SESS-13: the deadline's passing is never taken for a cancellation", async () => {
    const reasons: unknown[] = [];
    const { runtime } = await serve(
      provider({
        startSession: (_, { signal }: CallContext) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => {
              reasons.push((signal.reason as { code: string }).code);
              reject(signal.reason as Error);
            }),
          ),
      }),
    );
    const calls = Array.from({ length: 60 }, (_, index) =>
      runtime.startSession({}, { timeoutMs: 40 + index }).catch((error: unknown) => error),
    );
    for (const call of calls) expect(await call).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect.poll(() => reasons.length).toBe(60);
    expect(new Set(reasons)).toEqual(new Set(["DEADLINE_EXCEEDED"]));
  });

  it("SESS-13: a signal that is first asked for after the cancellation is aborted already", async () => {
    let go: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (go = resolve));
    let late: AbortSignal | undefined;
    const { runtime } = await serve(
      provider({
        startSession: async (_, context) => {
          await cancelled;
          late = context.signal;
          throw new Error("too late for anybody");
        },
      }),
    );
    const cancel = new AbortController();
    const call = runtime.startSession({}, { signal: cancel.signal }).catch((error: unknown) => error);
    await runtime.getSupport();
    cancel.abort();
    expect(await call).toMatchObject({ code: "CANCELLED" });
    // Its cancellation went out on the same connection before this call.
    await runtime.getSupport();
    go();
    await expect.poll(() => late?.aborted).toBe(true);
    expect(late?.reason).toMatchObject({ code: "CANCELLED" });
  });

  it("SESS-13: an answer that nobody waits for any more harms nobody", async () => {
    const answers: (() => void)[] = [];
    const { runtime, log } = await serve(
      provider({
        startSession: () =>
          new Promise((resolve) => answers.push(() => resolve({ id: "s", state: "ready" }))),
      }),
    );
    for (let index = 0; index < 10; index += 1) {
      const cancel = new AbortController();
      const call = runtime.startSession({}, { signal: cancel.signal }).catch(() => undefined);
      await runtime.getSupport();
      cancel.abort();
      await call;
    }
    await runtime.getSupport();
    for (const answer of answers) answer();
    expect(answers).toHaveLength(10);
    expect(await runtime.getSession({ sessionId: "s" })).toMatchObject({ id: "s" });
    expect(log.lines).toEqual([]);
  });
});
