import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
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
    const { path } = await this.#open();
    return join(path, `${randomBytes(4).toString("hex")}.sock`);
  }

  /** Removes what dead instances left, where there is anything at all. */
  async sweep(): Promise<void> {
    if (existsSync(this.#root)) await this.#open();
  }

  get #root(): string {
    return `${defaultStateDirectory(this.kind, this.providerName)}-sockets`;
  }

  #open(): Promise<InstanceDirectory> {
    return (this.#opening ??= openInstanceDirectory({ root: this.#root, removeRoot: true }));
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }
}
