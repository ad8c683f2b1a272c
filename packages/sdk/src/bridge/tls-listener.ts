import { createServer, type TLSSocket } from "node:tls";
import { Accepted, peerOf } from "./accepted.js";
import { noAlpnReason, refuseWithoutAlpn } from "./alpn.js";
import { bindTcp, socketOptions } from "./bind.js";
import { CertificateRenewal } from "./certificate-renewal.js";
import { checkIdentity, readIdentityFiles } from "./certificate.js";
import { tcpAddress } from "./listen-address.js";
import type { Listener, ListenerOptions } from "./listener.js";
import type { BridgeTlsListen } from "./options.js";

const minVersion = "TLSv1.2";

/** A listener that the host takes for a gRPC server over TLS (DIAL-3). */
export async function openTls(listen: BridgeTlsListen, options: ListenerOptions): Promise<Listener> {
  const { logger, warnings } = options;
  const { certificateFile, keyFile } = listen;
  const files = { certificateFile, keyFile };
  const { advertisedHost: host } = tcpAddress(listen);
  const current = checkIdentity(await readIdentityFiles(files), files, host);
  if (current.doubt !== undefined)
    logger.warn({ ...files, doubt: current.doubt }, "the host may refuse the bridge's certificate");

  const server = createServer({
    ...socketOptions,
    cert: current.cert,
    key: current.key,
    minVersion,
    ALPNProtocols: ["h2"],
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  const accepted = new Accepted(server, options.maxConnections, warnings);
  server.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    if (socket.alpnProtocol === "h2") {
      options.onClient(accepted.client(socket));
      return;
    }
    warnings.warn("alpn", { peer: peerOf(socket), reason: noAlpnReason }, "a TLS client was refused");
    refuseWithoutAlpn(socket);
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const code = error.code ?? "";
    // Load balancers and probes connect and leave; that is no fault.
    if (code === "ECONNRESET") return;
    warnings.warn(code, { peer: peerOf(socket), reason: handshakeFault(error) }, "a TLS handshake failed");
  });

  const target = await bindTcp(server, listen);
  const renewal = new CertificateRenewal({
    files,
    host,
    current,
    checkMs: options.certificateCheckMs,
    renew: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion }),
    logger,
  });
  return {
    target,
    stop: () => {
      renewal.close();
      server.close();
    },
    cutOffConnections: () => accepted.cutOffAll(),
  };
}

function handshakeFault({ code, message }: NodeJS.ErrnoException): string {
  return code === "ERR_SSL_NO_APPLICATION_PROTOCOL"
    ? "it offered ALPN without h2, which gRPC needs (DIAL-3); it got the alert no_application_protocol"
    : `${code ?? ""} ${message}`.trim();
}
