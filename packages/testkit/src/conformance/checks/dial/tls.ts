import { connect as connectHttp2 } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import { isIP } from "node:net";
import { parseDialTarget, RuntimeProviderError, type DialTarget } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import { trustedRoots } from "../../../host/plugin-dial.js";

export const tlsTarget = defineCheck({
  id: "dial/start-plugin/tls",
  title:
    "a tls:// target shows a certificate for its host that the host trusts, and agrees on TLS 1.2 or newer and h2",
  requirements: ["DIAL-3"],
  instance: "shared",
  cause:
    "A self-signed certificate, one for another name, or a TLS server that was told no ALPN protocols, or wants a certificate of its clients.",
  mend:
    "Use a certificate for exactly the target's host from an authority in the host's roots (SSL_CERT_FILE), and offer h2 " +
    "by ALPN.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const { dialTarget } = await t.relies("plugin", "StartPlugin of the fixture plugin", () =>
      session.startPlugin(t.pluginRequest()),
    );
    const target = tlsOf(dialTarget);
    // A runtime whose targets are unix:// or tcp:// has nothing to show.
    if (target === undefined) return;
    const socket = await handshake(target, t.signal);
    if (typeof socket === "string")
      return t.expect.fail(`the tls:// target accepts no TLS connection: ${socket}`);
    const { authorized, authorizationError, alpnProtocol } = socket;
    const version = socket.getProtocol();
    const lives = alpnProtocol === "h2" ? await answersHttp2(socket, t.subject.times.callMs) : true;
    socket.destroy();
    t.expect(
      authorized,
      `the certificate of the tls:// target is not trusted: ${String(authorizationError)}`,
    );
    t.expect(
      alpnProtocol === "h2",
      `the tls:// target agrees on ${alpnProtocol === false ? "no ALPN protocol" : String(alpnProtocol)}; expected h2`,
    );
    t.expect(
      version === "TLSv1.2" || version === "TLSv1.3",
      `the tls:// target speaks ${String(version)}; expected TLS 1.2 or newer`,
    );
    // With TLS 1.3 a server refuses a client that shows no certificate only after the handshake.
    t.expect(
      lives,
      "the tls:// target takes a connection, and then says no HTTP/2 on it: the host shows no certificate of its own",
    );
  },
});

type TcpTarget = Extract<DialTarget, { host: string }>;

function tlsOf(text: string): TcpTarget | undefined {
  try {
    const target = parseDialTarget(text);
    return target.type === "tls" ? target : undefined;
  } catch (error) {
    // What is wrong with it is another check's question.
    if (error instanceof RuntimeProviderError) return undefined;
    throw error;
  }
}

/** Whether the server's SETTINGS come, as on each HTTP/2 connection. */
async function answersHttp2(socket: TLSSocket, withinMs: number): Promise<boolean> {
  const session = connectHttp2("https://localhost", { createConnection: () => socket });
  const limit = new AbortController();
  const says = new Promise<boolean>((resolve) => {
    session.once("remoteSettings", () => resolve(true));
    for (const event of ["error", "close", "goaway"] as const) session.once(event, () => resolve(false));
  });
  // What comes after the answer is known is nothing new.
  session.on("error", () => undefined);
  try {
    const late = delay(withinMs, false, { signal: limit.signal }).catch(() => false);
    return await Promise.race([says, late]);
  } finally {
    limit.abort();
    session.destroy();
  }
}

async function handshake({ host, port }: TcpTarget, signal: AbortSignal): Promise<TLSSocket | string> {
  const ca = await trustedRoots(process.env);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ALPNProtocols: ["h2"],
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === null ? {} : { ca }),
    });
    const abort = (): void => {
      socket.destroy(new Error("it was given up"));
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
    // Also afterwards: a refusal may come once the connection is there.
    socket.on("error", (error: Error) => {
      signal.removeEventListener("abort", abort);
      resolve(error.message);
    });
  });
}
