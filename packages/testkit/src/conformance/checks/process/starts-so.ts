import { CheckBlocked } from "../../check/outcome.js";
import type { CheckContext } from "../../check/context.js";
import { owners } from "../../check/steps.js";
import type { BareProcessOptions } from "../../subject/bare-process.js";
import type { SubjectProvider } from "../../subject/provider.js";

/** What kept a provider from being configured, and the check whose question that is. */
interface StartFault {
  readonly text: string;
  readonly by: string;
}

export interface StartComparison {
  /** As in "started in another working directory". */
  readonly so: string;
  readonly options: BareProcessOptions;
  /** How else it is started when it does not come up so, as in "in the host's own". */
  readonly otherwise: string;
  readonly other: BareProcessOptions;
  /** Looks on for a while, once it is configured: it may end a moment later. */
  readonly stays?: true;
}

/**
 * Demands that a provider comes up when it is started in one way. It is at fault for this only where it comes up in
 * the other way: what fails in both is another check's question.
 */
export async function expectStarts(t: CheckContext, comparison: StartComparison): Promise<void> {
  const { so, options, otherwise, other } = comparison;
  const fault = await startFault(t, options, comparison.stays);
  if (fault === undefined) return;
  const alike = await startFault(t, other, comparison.stays);
  if (alike !== undefined) throw new CheckBlocked(alike.by, alike.text);
  t.expect.fail(`started ${so}, the provider does not come up, and ${otherwise} it does: ${fault.text}`);
}

async function startFault(
  t: CheckContext,
  options: BareProcessOptions,
  stays?: true,
): Promise<StartFault | undefined> {
  const process = await t.bareProcess(options);
  const text = await process.servingFault(t.signal);
  if (text !== undefined) return { text, by: owners.serves };
  try {
    const provider = await t.attach(process);
    await t.configure(provider);
    if (stays === true) await stillAnswers(t, provider);
    return undefined;
  } catch (error) {
    if (error instanceof CheckBlocked) return { text: error.message, by: error.by };
    throw error;
  }
}

const lookOnMs = 250;

async function stillAnswers(t: CheckContext, provider: SubjectProvider): Promise<void> {
  await t.pause(lookOnMs);
  await t.relies("support", "GetSupport a moment later", () => provider.runtime.getSupport());
}
