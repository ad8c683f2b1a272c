import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttp2 } from "node:http2";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";
import { fileURLToPath } from "node:url";
import { defineFault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";

/** Leads the host to a listener of its own in front of the plugin's socket. */
function bridged(reference: Reference, scheme: "tcp" | "tls", listen: (path: string) => Server): void {
  reference.around("startPlugin", async (request, next) => {
    const answer = await next(request);
    const server = listen((answer.dialTarget ?? "").slice("unix://".length));
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    return { ...answer, dialTarget: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}` };
  });
}

function join(socket: Socket, path: string): void {
  const inner = connect(path);
  socket.pipe(inner).pipe(socket);
  for (const one of [socket, inner]) one.on("error", () => undefined);
}

/** An own certificate: nobody trusts it, unless SSL_CERT_FILE names it. */
function tlsBridge(reference: Reference, options: TlsOptions): void {
  const pem = (name: string): Buffer =>
    readFileSync(fileURLToPath(new URL(`../host/tls/${name}.pem`, import.meta.url)));
  bridged(reference, "tls", (path) =>
    createTls({ key: pem("key"), cert: pem("cert"), ...options }, (socket) => {
      join(socket, path);
    }),
  );
}

export const untrustedCertificate = defineFault({
  name: "untrusted-certificate",
  breaks: ["dial/start-plugin/tls"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    tlsBridge(reference, { ALPNProtocols: ["h2"] });
  },
});

export const noAlpn = defineFault({
  name: "no-alpn",
  breaks: ["dial/start-plugin/tls"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    tlsBridge(reference, {});
  },
});

export const wantsClientCertificate = defineFault({
  name: "wants-client-certificate",
  breaks: ["dial/start-plugin/tls"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    tlsBridge(reference, { ALPNProtocols: ["h2"], requestCert: true, rejectUnauthorized: true });
  },
});

export const oldTls = defineFault({
  name: "old-tls",
  breaks: ["dial/start-plugin/tls"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    tlsBridge(reference, {
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
  },
});

export const refusesAuthority = defineFault({
  name: "refuses-authority",
  breaks: ["dial/start-plugin/authority"],
  apply: (reference) => {
    bridged(reference, "tcp", () => {
      const server = createHttp2();
      server.on("stream", (stream) => {
        stream.respond({ ":status": 421 }, { endStream: true });
      });
      return server;
    });
  },
});

export const oneConnectionOnly = defineFault({
  name: "one-connection-only",
  breaks: ["dial/start-plugin/authority"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    bridged(reference, "tcp", (path) => {
      let taken = false;
      return createServer((socket) => {
        if (taken) socket.destroy();
        else join(socket, path);
        taken = true;
      });
    });
  },
});
