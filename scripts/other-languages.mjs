// Builds the providers in other languages, as npm test does; with "generate", writes their code of the .proto files
// anew.
import { buildOtherLanguages, generate, otherLanguages } from "./lib/other-languages.mjs";
import { step } from "./lib/steps.mjs";

if (process.argv[2] === "generate")
  for (const language of otherLanguages)
    await step(`generate ${language.generated}`, () => generate(language));
else await buildOtherLanguages();
