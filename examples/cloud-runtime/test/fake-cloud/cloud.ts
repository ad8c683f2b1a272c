import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { ApiError } from "./api-error.js";
import { CallLog } from "./call-log.js";
import { Faults } from "./faults.js";
import { Rate } from "./rate.js";
import { Sandbox, type SandboxRequest } from "./sandbox.js";
import { defaultSettings, type CloudRecord, type CloudSettings } from "./settings.js";

/** What the cloud's labels can hold. */
const labelLimits = { entries: 64, keyBytes: 63, valueBytes: 1_024 };

/** All that the fake cloud holds. */
export class Cloud {
  readonly log = new CallLog();
  readonly faults = new Faults();
  readonly rate = new Rate();
  settings: CloudSettings = defaultSettings;
  /** Those that are gone stay here, for the list that lags behind. */
  readonly #sandboxes: Sandbox[] = [];
  #count = 0;

  constructor(private readonly directory: string) {}

  configure(settings: Partial<CloudSettings>): void {
    this.settings = { ...this.settings, ...settings };
    if (settings.rate !== undefined) this.rate.set(settings.rate);
  }

  /** The same name again gives the same sandbox. */
  create(request: SandboxRequest): { readonly sandbox: Sandbox; readonly isNew: boolean } {
    const found = this.#sandboxes.find(
      ({ state, request: { name } }) => state !== "gone" && name === request.name,
    );
    if (found !== undefined) return { sandbox: found, isNew: false };
    checkLabels(request.labels);
    const live = this.#sandboxes.filter(({ state }) => state !== "gone").length;
    if (live >= this.settings.quota)
      throw new ApiError(403, `the account's quota is ${this.settings.quota} sandboxes`);
    this.#count += 1;
    const id = `${this.#count.toString(36)}${randomBytes(2).toString("hex")}`;
    const sandbox = new Sandbox(id, request, this.directory);
    this.#sandboxes.push(sandbox);
    setTimeout(() => void this.#pull(sandbox), this.settings.createMs);
    return { sandbox, isNew: true };
  }

  get(id: string): Sandbox {
    const sandbox = this.find(id);
    if (sandbox === undefined) throw new ApiError(404, `there is no sandbox ${id}`);
    return sandbox;
  }

  /** By id or name. */
  find(which: string): Sandbox | undefined {
    return this.#sandboxes.find(
      ({ id, state, request }) => state !== "gone" && (id === which || request.name === which),
    );
  }

  /** One page of those that carry all the labels, as they were `listLagMs` ago. */
  list(
    labels: readonly string[],
    from: number,
  ): { readonly sandboxes: object[]; readonly nextPage: number | undefined } {
    const { listLagMs, pageSize } = this.settings;
    const asOf = Date.now() - listLagMs;
    const seen = this.#sandboxes.filter(
      ({ createdAtMs, goneAtMs = Infinity, request }) =>
        createdAtMs <= asOf &&
        goneAtMs > asOf &&
        labels.every((label) => {
          const equals = label.indexOf("=");
          return request.labels[label.slice(0, equals)] === label.slice(equals + 1);
        }),
    );
    return {
      sandboxes: seen.slice(from, from + pageSize).map((sandbox) => sandbox.describe()),
      nextPage: from + pageSize < seen.length ? from + pageSize : undefined,
    };
  }

  record(): CloudRecord {
    const { calls, counts, atOnce } = this.log;
    const sandboxes = this.#sandboxes
      .filter(({ state }) => state !== "gone")
      .map((sandbox) => sandbox.facts());
    const programs = this.#sandboxes.reduce((sum, { starts }) => sum + starts, 0);
    return { calls, counts, atOnce, programs, sandboxes };
  }

  /** Ends every sandbox at once. */
  async close(): Promise<void> {
    this.faults.clear();
    await Promise.all(this.#sandboxes.map((sandbox) => sandbox.remove(0)));
    await rm(this.directory, { recursive: true, force: true });
  }

  async #pull(sandbox: Sandbox): Promise<void> {
    const { image } = sandbox.request;
    const found = this.settings.images[image];
    if (found === undefined) sandbox.fail("ImagePullFailed", `${image} was not found in its registry`);
    else if ("failure" in found)
      sandbox.fail("ImagePullFailed", `${image} can't be pulled: ${found.failure}`);
    else await sandbox.up(found.directory);
  }
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  const { keyBytes, valueBytes } = labelLimits;
  const fits = entries.every(
    ([key, value]) => Buffer.byteLength(key) <= keyBytes && Buffer.byteLength(value) <= valueBytes,
  );
  if (entries.length > labelLimits.entries || !fits)
    throw new ApiError(422, `labels: ${labelLimits.entries} of ${keyBytes} and ${valueBytes} bytes at most`);
}
