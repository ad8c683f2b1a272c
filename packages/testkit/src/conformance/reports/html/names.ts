import type { Verdict } from "../../runner/result.js";
import type { RequirementReport } from "../report.js";
import { markup, type Markup } from "./markup.js";

interface Look {
  /** Told beside the colour, so that nothing hangs on that alone. */
  readonly sign: string;
  readonly word: string;
  /** The class that gives it its colour. */
  readonly tone: "good" | "bad" | "mild" | "held" | "quiet";
}

export const verdictLooks: Readonly<Record<Verdict, Look>> = {
  failed: { sign: "✕", word: "failed", tone: "bad" },
  error: { sign: "!", word: "fault of the suite", tone: "bad" },
  warned: { sign: "▲", word: "warned", tone: "mild" },
  blocked: { sign: "◌", word: "blocked", tone: "held" },
  skipped: { sign: "–", word: "skipped", tone: "quiet" },
  passed: { sign: "✓", word: "passed", tone: "good" },
};

export const requirementLooks: Readonly<Record<RequirementReport["verdict"], Look>> = {
  met: { sign: "✓", word: "met", tone: "good" },
  broken: { sign: "✕", word: "broken", tone: "bad" },
  warned: { sign: "▲", word: "warned", tone: "mild" },
  unknown: { sign: "◌", word: "undecided", tone: "held" },
  "not-claimed": { sign: "–", word: "not claimed", tone: "quiet" },
  "not-run": { sign: "–", word: "not run", tone: "quiet" },
  "no-check": { sign: "–", word: "no check", tone: "quiet" },
};

/** A word with its sign, coloured. */
export function badge({ sign, word, tone }: Look, more = ""): Markup {
  return markup`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${word}${more}</span>`;
}

/** The element of a check on the page. */
export function checkAnchor(id: string): string {
  return `check-${id.replaceAll("/", "-")}`;
}

/** The element of a requirement on the page. */
export function requirementAnchor(id: string): string {
  return `requirement-${id}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A duration as people read it. */
export function duration(ms: number): string {
  if (ms < 1) return "under 1 ms";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
