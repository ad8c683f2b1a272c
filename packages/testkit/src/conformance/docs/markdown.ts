import { anchorOf } from "./anchors.js";

/** Text of the catalogue as Markdown: what would be a tag or emphasis is none. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[\\*_<[\]]/g, (sign) => `\\${sign}`)))
    .join("");
}

export function requirementLink(id: string): string {
  return `[${id}](requirements.md#${anchorOf(id)})`;
}

export function checkLink(id: string): string {
  return `[${id}](checks.md#${anchorOf(id)})`;
}
