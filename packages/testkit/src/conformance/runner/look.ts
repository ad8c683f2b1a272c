import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { protocolVersion, type ProviderIdentity } from "@gestalt-runtime/sdk/protocol";
import { HostError } from "../../host/host-error.js";
import type { ProviderInstance } from "../../host/provider-instance.js";
import { HostTrace } from "../../host/trace.js";
import { CheckContext } from "../check/context.js";
import { CheckBlocked } from "../check/outcome.js";
import { Random } from "../check/random.js";
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
  /** Why no plugin that it starts can be used, where that is a wait that every check would repeat. */
  readonly pluginFault?: string;
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
      const look = { notices, ...(await ask(subject, instance, signal)) };
      const pluginFault = await pluginFaultOf(subject, look, instance, place, signal);
      return { ...look, ...(pluginFault !== undefined && { pluginFault }) };
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

/**
 * Whether StartPlugin is answered and nobody is there: the one fault that takes each check the whole wait of a dial.
 * What else is wrong shows soon enough.
 */
async function pluginFaultOf(
  subject: Subject,
  look: FirstLook,
  instance: ProviderInstance,
  place: Place,
  runSignal: AbortSignal,
): Promise<string | undefined> {
  // What somebody else has started is left as it is.
  if (subject.mode === "attach" || look.support?.canHostPlugins !== true) return undefined;
  const t = new CheckContext({
    subject,
    profile: profileOf(subject, look),
    place,
    trace: instance.trace,
    // A session may take its time to get ready: then nothing is known.
    signal: AbortSignal.any([runSignal, AbortSignal.timeout(subject.times.callMs * 2)]),
    random: new Random(1, "first look"),
    requirement: "PLUG-4",
    shared: undefined,
    leaks: [],
  });
  try {
    await t.plugin(await t.session(t.handle(instance)));
    return undefined;
  } catch (error) {
    const cause = error instanceof CheckBlocked ? error.cause : undefined;
    return cause instanceof HostError && cause.failure === "dial-timeout" ? cause.message : undefined;
  } finally {
    await t.cleanUps.run();
  }
}

export function profileOf(subject: Subject, look: FirstLook): Profile {
  return {
    mode: subject.mode,
    support: look.support,
    declares: subject.declares,
    ...(look.pluginFault !== undefined && { pluginFault: look.pluginFault }),
    isSelfContained: subject.command !== undefined && isSelfContained(subject.command, subject.args),
    hasInvalidConfig: subject.invalidConfig.length > 0 || subject.configSchema !== undefined,
  };
}
