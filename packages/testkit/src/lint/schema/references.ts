import type { Cursor } from "../text/cursor.js";
import { isMetaSchema } from "./draft.js";
import { subschemas, type Subschema } from "./walk.js";

/** A `$ref` or `$dynamicRef` that leads nowhere, and why. */
export interface BrokenReference {
  readonly at: Cursor;
  /** Outside the document, or to a place in it that is not there. */
  readonly type: "outside" | "missing";
}

/** Follows every reference of a document. */
export function* brokenReferences(root: Cursor): Generator<BrokenReference> {
  const all = [...subschemas(root)];
  const resources = new Map(all.map(({ base, resource }) => [base.replace(/#.*$/, ""), resource]));
  for (const schema of all)
    for (const keyword of ["$ref", "$dynamicRef"]) {
      const at = schema.at.field(keyword);
      if (typeof at.value !== "string") continue;
      const type = follow(at.value, schema, all, resources);
      if (type !== undefined) yield { at, type };
    }
}

function follow(
  reference: string,
  { base }: Subschema,
  all: readonly Subschema[],
  resources: ReadonlyMap<string, Cursor>,
): BrokenReference["type"] | undefined {
  if (!URL.canParse(reference, base)) return "outside";
  const target = new URL(reference, base);
  const fragment = decode(target.hash.slice(1));
  target.hash = "";
  if (isMetaSchema(target.href)) return undefined;
  const resource = resources.get(target.href.replace(/#$/, ""));
  if (resource === undefined) return "outside";
  if (fragment === "") return undefined;
  if (fragment.startsWith("/")) return pointsTo(resource, fragment) ? undefined : "missing";
  const isAnchor = all.some(
    (schema) =>
      schema.resource.label === resource.label &&
      [schema.at.field("$anchor").value, schema.at.field("$dynamicAnchor").value].includes(fragment),
  );
  return isAnchor || all.some(({ at }) => at.field("$id").value === `#${fragment}`) ? undefined : "missing";
}

function pointsTo(resource: Cursor, pointer: string): boolean {
  let value: unknown = resource.value;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return true;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
