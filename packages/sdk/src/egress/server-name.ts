import type { Duplex } from "node:stream";
import { isIP } from "node:net";
import { maxClientHelloBytes, readClientHello, type HelloVerdict } from "./client-hello.js";
import { canonicalHost } from "./host.js";
import { Refusal } from "./refusal.js";

/**
 * Reads a client's first bytes until they name the server that it wants, and checks that this is `host`. An
 * address has no name: for it a client may give none.
 *
 * @param head what came with the `CONNECT`
 * @returns all bytes that were read, for the origin
 * @throws {@link Refusal} `server-name`: another server, none, no TLS, or nothing in time
 */
export async function checkServerName(
  client: Duplex,
  head: Buffer,
  host: string,
  timeoutMs: number,
): Promise<Buffer> {
  const { bytes, verdict } = await readHello(client, head, timeoutMs);
  if (verdict.how === "hello") {
    const { serverName } = verdict;
    if (serverName === undefined && isIP(host) !== 0) return bytes;
    if (serverName !== undefined && canonicalHost(serverName) === host) return bytes;
    throw refused(
      serverName === undefined
        ? `the tunnel for ${host} names no server`
        : `the tunnel for ${host} asks for ${JSON.stringify(serverName)}`,
    );
  }
  throw refused(
    verdict.how === "more"
      ? `the tunnel for ${host} did not say within ${timeoutMs} ms which server it wants`
      : `the tunnel for ${host} does not begin with a TLS ClientHello`,
  );
}

function readHello(
  client: Duplex,
  head: Buffer,
  timeoutMs: number,
): Promise<{ bytes: Buffer; verdict: HelloVerdict }> {
  return new Promise((resolve) => {
    let bytes = head;
    const settle = (verdict: HelloVerdict): void => {
      clearTimeout(timer);
      client.off("data", take);
      client.off("end", ended);
      client.off("close", ended);
      client.pause();
      resolve({ bytes, verdict });
    };
    const judge = (): void => {
      const verdict = readClientHello(bytes);
      if (verdict.how !== "more") settle(verdict);
      else if (bytes.length > maxClientHelloBytes) settle({ how: "not-tls" });
    };
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      judge();
    };
    const ended = (): void => settle({ how: "not-tls" });
    const timer = setTimeout(() => settle({ how: "more" }), timeoutMs);
    client.on("data", take);
    client.once("end", ended);
    client.once("close", ended);
    judge();
  });
}

function refused(message: string): Refusal {
  return new Refusal("server-name", message);
}
