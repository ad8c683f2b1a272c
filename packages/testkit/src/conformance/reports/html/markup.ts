import { stripVTControlCharacters } from "node:util";

/** Text that is HTML already. Nothing but {@link markup} and constants of this folder make one. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What stands in a template: markup as it is, text escaped; `undefined` is nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** HTML whose values are escaped, for texts and for attributes in double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const written = parts.map((part, index) => part + write(values[index]));
  return new Markup(written.join(""));
}

function write(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(write).join("");
  return escape(visible(String(value)));
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** What a reader would not see, or what would turn the rest of the line around, is shown as a sign. */
function visible(text: string): string {
  return (
    stripVTControlCharacters(text)
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b-\u001f]/g, (sign) =>
        sign === "\r" ? "" : String.fromCodePoint(0x2400 + (sign.codePointAt(0) ?? 0)),
      )
      .replaceAll(
        /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
        (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
      )
  );
}
