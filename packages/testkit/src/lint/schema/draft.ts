import type { Ajv, ErrorObject, Options } from "ajv";
import type { Ajv2019 } from "ajv/dist/2019.js";
import type { Ajv2020 } from "ajv/dist/2020.js";

export type Checker = Ajv | Ajv2019 | Ajv2020;

/** A version of JSON Schema that the host reads. */
export interface Draft {
  readonly name: string;
  /** Its `$schema`, as it is to be written. */
  readonly uri: string;
  /** Whether the SDK's own check reads it too. */
  readonly inSdk: boolean;
}

export const defaultDraft: Draft = {
  name: "2020-12",
  uri: "https://json-schema.org/draft/2020-12/schema",
  inSdk: true,
};

const drafts: readonly Draft[] = [
  defaultDraft,
  { name: "2019-09", uri: "https://json-schema.org/draft/2019-09/schema", inSdk: false },
  { name: "draft-07", uri: "http://json-schema.org/draft-07/schema#", inSdk: true },
  { name: "draft-06", uri: "http://json-schema.org/draft-06/schema#", inSdk: false },
  { name: "draft-04", uri: "http://json-schema.org/draft-04/schema#", inSdk: false },
];

/** The draft that a `$schema` names exactly; the empty fragment may be there or not. */
export function draftOf(uri: string): Draft | undefined {
  return drafts.find((draft) => plain(draft.uri) === plain(uri));
}

/** The draft that is meant by a `$schema` with another scheme or a slash too many. */
export function draftMeant(uri: string): Draft | undefined {
  const loose = (text: string) =>
    plain(text)
      .replace(/^https?:\/\/(www\.)?/, "")
      .replace(/(\/schema)?\/*$/, "");
  return drafts.find((draft) => loose(draft.uri) === loose(uri));
}

/** Whether a reference leads to one of the drafts' own schemas, which the host carries. */
export function isMetaSchema(uri: string): boolean {
  return /^https?:\/\/json-schema\.org\/draft(-0[467]|\/20(19-09|20-12))\//.test(uri);
}

/** A checker of a draft; undefined where there is none at hand. */
export async function checkerOf({ name }: Draft): Promise<Checker | undefined> {
  const options = { allErrors: true, strict: false, logger: false } as const;
  const checker = await makeChecker(name, options);
  if (checker === undefined) return undefined;
  const formats = await import("ajv-formats");
  formats.default.default(checker);
  return checker;
}

async function makeChecker(name: string, options: Options): Promise<Checker | undefined> {
  switch (name) {
    case "2020-12":
      return new (await import("ajv/dist/2020.js")).Ajv2020(options);
    case "2019-09":
      return new (await import("ajv/dist/2019.js")).Ajv2019(options);
    case "draft-07":
      return new (await import("ajv")).Ajv(options);
    default:
      return undefined;
  }
}

const schemaCheckers = new Map<string, Promise<Checker | undefined>>();

/** Checks a schema by its draft. One checker serves for all schemas, since none is kept in it. */
export async function schemaErrors(schema: object, draft: Draft): Promise<readonly ErrorObject[]> {
  const known = schemaCheckers.get(draft.name) ?? checkerOf(draft);
  schemaCheckers.set(draft.name, known);
  const checker = await known;
  if (checker === undefined || checker.validateSchema(schema) === true) return [];
  return checker.errors ?? [];
}

function plain(uri: string): string {
  return uri.replace(/#$/, "");
}
