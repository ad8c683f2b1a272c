import { createInterface } from "node:readline/promises";
import { givenSourceFault, nameFault, sourceOfName, type ProviderAnswers } from "./answers.js";

/** Where questions are put and answers come from. */
export interface AskStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks for what was not given, each with an answer that Enter takes; asks again where an answer can't be.
 *
 * @returns undefined when whoever was asked has gone: Ctrl-C or Ctrl-D
 */
export async function askForRest(
  given: Partial<ProviderAnswers>,
  suggestedName: string,
  { input, output }: AskStreams,
): Promise<ProviderAnswers | undefined> {
  const gone = new AbortController();
  const readline = createInterface({ input, output, terminal: true });
  readline.once("close", () => gone.abort());
  const ask = async (
    question: string,
    suggestion: string,
    faultOf: (answer: string) => string | undefined,
  ): Promise<string> => {
    for (;;) {
      const typed = await readline.question(`${question} (${suggestion}) `, { signal: gone.signal });
      const answer = typed.trim() === "" ? suggestion : typed.trim();
      const fault = faultOf(answer);
      if (fault === undefined) return answer;
      output.write(`  ${fault}\n`);
    }
  };
  try {
    const name = given.name ?? (await ask("Name?", suggestedName, nameFault));
    const source = given.source ?? (await ask("Source?", sourceOfName(name), givenSourceFault));
    const level =
      given.level ??
      Number(
        await ask(
          "Level: 2, a backend for the session runtime, or 1, every call of the host yourself?",
          "2",
          (answer) => (/^[12]$/.test(answer) ? undefined : "write 1 or 2"),
        ),
      );
    return { name, source, level: level === 1 ? 1 : 2 };
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    output.write("\n");
    return undefined;
  } finally {
    readline.close();
  }
}
