import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { protocolVersion, type ProviderIdentity } from "@gestalt-runtime/sdk/protocol";
import { HostError } from "../../host/host-error.js";
import { HostTrace } from "../../host/trace.js";
import { Place } from "../leftovers/place.js";
import { advertised, type AdvertisedSupport, type Profile } from "../subject/profile.js";
import { isSelfContained } from "../subject/self-contained.js";
import type { Subject } from "../subject/subject.js";
import { wrapperByLooking, wrapperByName } from "../subject/wrapper.js";

/** What a first look at the provider showed. */
export interface FirstLook {
  readonly identity?: ProviderIdentity;
  readonly support?: AdvertisedSupport;
  /** It did not serve: nothing can be checked. */
  readonly startFailure?: string;
  /** What its author should know, beside what is checked. */
  readonly notices: readonly string[];
  /** It serves, but refused to be configured or to answer. */
  readonly trouble?: string;
}

/** Starts the provider once, to learn what it says of itself. */
export async function firstLook(subject: Subject, signal: AbortSignal): Promise<FirstLook> {
  const byName = subject.command === undefined ? undefined : wrapperByName(subject.command, subject.args);
  const notices = byName === undefined ? [] : [byName];
  const place = await Place.make();
  try {
    const instance = await subject.spawn(place, new HostTrace());
    try {
      await instance.connect(signal);
      if (subject.mode === "attach") await instance.handshake(subject.config, signal);
      const seen = wrapperByLooking(instance.process.pid, instance.directory);
      if (seen !== undefined && notices.length === 0) notices.push(seen);
      return { notices, ...(await ask(subject, instance, signal)) };
    } finally {
      await instance.shutdown();
    }
  } catch (error) {
    if (error instanceof HostError) return { notices, startFailure: error.message };
    throw error;
  } finally {
    await place.clear();
  }
}

async function ask(
  subject: Subject,
  { lifecycle, runtime }: Awaited<ReturnType<Subject["spawn"]>>,
  signal: AbortSignal,
): Promise<Omit<FirstLook, "notices">> {
  const options = { timeoutMs: subject.times.callMs, signal };
  const { config = {} } = subject;
  let look: Omit<FirstLook, "notices"> = {};
  try {
    look = { identity: await lifecycle.getProviderIdentity({}, options) };
    const { name } = subject;
    const empty = Object.keys(config).length === 0;
    if (subject.mode === "spawn")
      await lifecycle.configureProvider({ name, protocolVersion, ...(empty ? {} : { config }) }, options);
    look = { identity: await lifecycle.getProviderIdentity({}, options) };
    return { ...look, support: advertised(await runtime.getSupport({}, options)) };
  } catch (error) {
    if (!(error instanceof RuntimeProviderError)) throw error;
    return { ...look, trouble: `${error.code}: ${error.message}` };
  }
}

export function profileOf(subject: Subject, look: FirstLook): Profile {
  return {
    mode: subject.mode,
    support: look.support,
    declares: subject.declares,
    isSelfContained: subject.command !== undefined && isSelfContained(subject.command, subject.args),
    hasInvalidConfig: subject.invalidConfig.length > 0 || subject.configSchema !== undefined,
  };
}
