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
  cause: "A self-signed certificate, one for another name, or a TLS server that was told no ALPN protocols.",
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
    socket.once("error", (error: Error) => {
      signal.removeEventListener("abort", abort);
      resolve(error.message);
    });
  });
}
