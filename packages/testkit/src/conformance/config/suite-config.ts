import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { jsonSchema } from "@gestalt-runtime/sdk";
import schema from "../../../schema/conformance.schema.json" with { type: "json" };
import type { SuiteTimes } from "../subject/limits.js";
import type { EgressPlace, InvalidConfig, PluginPlace, SessionHints } from "../subject/options.js";
import type { Declarations } from "../subject/profile.js";

/** The suite's config file, as `schema/conformance.schema.json` describes it; its paths are absolute here. */
export interface SuiteConfig {
  readonly provider?: {
    readonly command?: string;
    readonly args?: readonly string[];
    readonly source?: string;
    readonly name?: string;
    readonly config?: JsonObject;
    readonly env?: Readonly<Record<string, string>>;
  };
  readonly session?: SessionHints;
  readonly plugin?: PluginPlace;
  readonly egress?: EgressPlace;
  readonly declares?: Partial<Declarations>;
  readonly invalidConfig?: readonly InvalidConfig[];
  readonly timeouts?: Partial<SuiteTimes>;
  readonly baseline?: string;
  readonly seed?: number;
  readonly strict?: boolean;
  readonly parallel?: number;
  readonly bail?: boolean;
}

/** The config can't be used; the message names the file, every offending place and what to write. */
export class SuiteConfigError extends Error {
  override readonly name = "SuiteConfigError";
}

/** @throws {@link SuiteConfigError} */
export async function readSuiteConfig(path: string): Promise<SuiteConfig> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new SuiteConfigError(`${path} can't be read: ${textOf(cause)}`, { cause });
  });
  const { parse } = await import("yaml");
  let parsed: unknown;
  try {
    parsed = parse(text) ?? {};
  } catch (cause) {
    throw new SuiteConfigError(`${path} is no YAML: ${textOf(cause)}`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new SuiteConfigError(`${path} holds no mapping; write fields such as "provider:"`);
  try {
    await jsonSchema(schema).check(parsed as JsonObject, path);
  } catch (cause) {
    const faults = textOf(cause).replace(/^.*?breaks its schema in /s, "");
    throw new SuiteConfigError(`${path} breaks the suite's schema in ${faults}`, { cause });
  }
  return absolute(parsed, dirname(resolve(path)));
}

function absolute(config: SuiteConfig, folder: string): SuiteConfig {
  const { provider, baseline } = config;
  const { command, source } = provider ?? {};
  return {
    ...config,
    ...(provider && {
      provider: {
        ...provider,
        // A name without a slash is looked for on PATH.
        ...(command?.includes("/") === true && { command: resolve(folder, command) }),
        ...(source !== undefined && { source: resolve(folder, source) }),
      },
    }),
    ...(baseline !== undefined && { baseline: resolve(folder, baseline) }),
  };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
