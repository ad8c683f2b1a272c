import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  defaultStateDirectory,
  openInstanceDirectory,
  type InstanceDirectory,
} from "../state-directory/index.js";

/** A private directory on this machine for the sockets of bridges; made when the first is wanted (REC-2). */
export class HostDirectory {
  #opening: Promise<InstanceDirectory> | undefined;

  constructor(
    private readonly kind: string,
    private readonly providerName: string,
  ) {}

  /** A new path for a socket. */
  async socketPath(): Promise<string> {
    this.#opening ??= openInstanceDirectory({
      root: `${defaultStateDirectory(this.kind, this.providerName)}-sockets`,
      removeRoot: true,
    });
    const { path } = await this.#opening;
    return join(path, `${randomBytes(4).toString("hex")}.sock`);
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }
}
