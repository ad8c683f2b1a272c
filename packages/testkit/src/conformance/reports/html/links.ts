import { anchorOf } from "../../docs/anchors.js";

const docs = "https://github.com/gestalt-runtime/gestalt-runtime-ts/blob/main/docs";

/** Where the docs tell more of a check. */
export function checkDocs(id: string): string {
  return `${docs}/checks.md#${anchorOf(id)}`;
}

/** Where the docs tell more of a requirement. */
export function requirementDocs(id: string): string {
  return `${docs}/requirements.md#${anchorOf(id)}`;
}
