import { goName, parsePlatform, type Platform } from "../lint/platform.js";

/** What a platform's name means, or what is wrong with it. */
export type WantedPlatform =
  | { readonly platform: Platform; readonly fault?: undefined }
  | { readonly platform?: undefined; readonly fault: string };

/** Reads a platform's name that an author wrote. */
export function parseWantedPlatform(text: string): WantedPlatform {
  const platform = parsePlatform(text);
  if (platform !== undefined) return { platform };
  const meant = text
    .split(/[/_-]/)
    .map((part) => goName(part) ?? part)
    .join("/");
  const mend = parsePlatform(meant) === undefined ? "os/arch by Go's names, such as linux/amd64" : meant;
  return { fault: `${text} is no platform; write ${mend}` };
}
