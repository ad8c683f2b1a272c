import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openChannel, type ProtocolChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import {
  offerHostServices,
  openPublicListener,
  relayTokenHeader,
  startProvider,
  type OfferedServices,
  type ProviderInstance,
  type PublicListener,
  type PublicSideOptions,
} from "../../src/host/index.js";
import { TestDirectory, fixture } from "../host/fixtures.js";

/** For localhost and 127.0.0.1, signs itself. */
export const certificateFile = fileURLToPath(new URL("../host/tls/cert.pem", import.meta.url));
export const tls = {
  cert: readFileSync(certificateFile, "utf8"),
  key: readFileSync(new URL("../host/tls/key.pem", import.meta.url), "utf8"),
};

/** A public listener with one provider behind it, whose sessions answer by their ids. */
export class RelayRig implements AsyncDisposable {
  readonly #channels: ProtocolChannel[] = [];
  readonly #offers: OfferedServices[] = [];

  private constructor(
    readonly directory: TestDirectory,
    readonly provider: ProviderInstance,
    readonly listener: PublicListener,
    readonly output: readonly string[],
  ) {}

  static async open(options: PublicSideOptions = {}): Promise<RelayRig> {
    const directory = await TestDirectory.make();
    const output: string[] = [];
    const provider = await startProvider({
      command: fixture("session-answers"),
      tmpDir: directory.path,
      limits: { cacheEntries: 1 },
      onOutput: (chunk) => output.push(chunk.toString()),
    });
    const { trace } = provider;
    const listener = await openPublicListener({ tmpDir: directory.path, trace, ...options });
    return new RelayRig(directory, provider, listener, output);
  }

  /** Host services of the plugin `p` in a session, relayed. */
  async offer(sessionId: string): Promise<OfferedServices> {
    const { listener: relay, directory } = this;
    const offer = await offerHostServices(this.provider, {
      plugin: "p",
      sessionId,
      caches: ["main"],
      relay,
      tmpDir: directory.path,
    });
    this.#offers.push(offer);
    return offer;
  }

  /** A gRPC connection to the listener, in plaintext or TLS as it is. */
  channel(): ProtocolChannel {
    const secure = this.listener.dialTarget.startsWith("tls:");
    const channel = openChannel(
      `dns:localhost:${this.listener.address.port}`,
      secure ? credentials.createSsl(Buffer.from(tls.cert)) : credentials.createInsecure(),
    );
    this.#channels.push(channel);
    return channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of this.#channels) channel.close();
    await Promise.all(this.#offers.map((offer) => offer.close()));
    await this.listener.close();
    await this.provider.shutdown();
    const left = await this.directory.left();
    await this.directory[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  }
}

/** Metadata of a relayed call. */
export function withToken(token: string): { readonly metadata: Record<string, string> } {
  return { metadata: { [relayTokenHeader]: token } };
}
