import { createHash } from "node:crypto";
import { watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "../provider/logger.js";
import {
  checkIdentity,
  readIdentityFiles,
  type CertificateFiles,
  type Identity,
  type IdentityBytes,
} from "./certificate.js";

/** Renewal writes two files: time for the second before the first is judged. */
const settleMs = 250;

export interface CertificateRenewalOptions {
  readonly files: CertificateFiles;
  /** What the certificate must be for. */
  readonly host: string;
  readonly current: Identity;
  readonly checkMs: number;
  /** Takes a new pair; the old one stays where it throws. */
  readonly renew: (identity: Identity) => void;
  readonly logger: Logger;
}

/**
 * Follows a certificate and its key to their renewal, written in place or replaced by a rename, also where a folder
 * above is swapped as Kubernetes does. The folders are watched, and the files looked at now and then besides, since
 * not every file system reports changes. What is broken is warned of once and not taken.
 */
export class CertificateRenewal {
  readonly #options: CertificateRenewalOptions;
  readonly #watchers: FSWatcher[] = [];
  readonly #interval: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #current: IdentityBytes;
  #rejected = "";
  #closed = false;

  constructor(options: CertificateRenewalOptions) {
    this.#options = options;
    this.#current = options.current;
    const { certificateFile, keyFile } = options.files;
    for (const folder of new Set([dirname(certificateFile), dirname(keyFile)])) this.#watch(folder);
    this.#interval = setInterval(() => this.#check(), options.checkMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#interval);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => this.#check(), settleMs).unref();
      });
      // A folder that went away: the regular look goes on.
      watcher.on("error", () => undefined);
      this.#watchers.push(watcher);
    } catch (error) {
      // Watches are a bounded resource of the system.
      this.#options.logger.debug({ error, folder }, "certificates are only looked at now and then");
    }
  }

  #check(): void {
    this.#checking = this.#checking.then(() => this.#look());
  }

  async #look(): Promise<void> {
    const { files, host, renew, logger } = this.#options;
    let seen = "unreadable";
    try {
      const found = await readIdentityFiles(files);
      if (this.#closed) return;
      if (same(found, this.#current)) {
        this.#rejected = "";
        return;
      }
      seen = createHash("sha256").update(found.cert).update(found.key).digest("hex");
      const identity = checkIdentity(found, files, host);
      renew(identity);
      this.#current = identity;
      this.#rejected = "";
      const { validTo, doubt } = identity;
      if (doubt === undefined)
        logger.info({ ...files, validTo }, "the bridge has taken its renewed certificate");
      else
        logger.warn(
          { ...files, doubt },
          "the bridge has taken a renewed certificate that the host may refuse",
        );
    } catch (error) {
      if (this.#closed || seen === this.#rejected) return;
      this.#rejected = seen;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ ...files, reason }, "the bridge keeps its old certificate: the new one can't be used");
    }
  }
}

function same(a: IdentityBytes, b: IdentityBytes): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key);
}
