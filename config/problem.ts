/** What is wrong with a configuration, where, and how a terminal shows it. */

import type { ProblemCode } from './problem-codes.js';

/** The spot in the file that a problem is about. Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The source line, or a part of it: long lines are cut and secrets hidden. */
  readonly excerpt: string;
  /** The first marked character of the excerpt, from 0, and how many are marked. */
  readonly caretAt: number;
  readonly caretWidth: number;
}

export interface Problem {
  readonly code: ProblemCode;
  readonly file: string;
  /** Null when it is about the file as such. */
  readonly place: Place | null;
  /** The key, e.g. `services.scraper.steps[0].weight`; empty for the file. */
  readonly path: string;
  /** What was got and what is wanted. Never a value of an environment. */
  readonly message: string;
}

export interface FormatOptions {
  /** ANSI colours. */
  readonly color: boolean;
}

/** As many problems as a person reads; the rest are counted. */
const MAX_SHOWN = 100;

/**
 * The problems as text for a terminal, without a final newline. Each has file:line:column, the
 * source line and a caret under the value. Control characters of the file are not passed on.
 */
export function formatProblems(problems: readonly Problem[], { color }: FormatOptions): string {
  const shown = problems.slice(0, MAX_SHOWN).map((problem) => formatProblem(problem, color));
  const rest = problems.length - shown.length;
  if (rest > 0) shown.push(`... and ${rest} more`);
  return shown.join('\n\n');
}

function formatProblem({ code, file, place, path, message }: Problem, color: boolean): string {
  const paint = (code: number, text: string): string =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const position = place === null ? file : `${file}:${place.line}:${place.column}`;
  const key = path === '' ? '' : `${path}: `;
  const head = `${paint(1, printable(position))}: ${printable(key + message)} [${code}]`;
  if (place === null) return head;
  const gutter = String(place.line);
  const marked = place.excerpt.slice(place.caretAt, place.caretAt + place.caretWidth);
  const indent = blank(place.excerpt.slice(0, place.caretAt));
  const carets = '^'.repeat(Math.max(1, blank(marked).length));
  return [
    head,
    `  ${gutter} | ${printable(place.excerpt)}`,
    `  ${' '.repeat(gutter.length)} | ${indent}${paint(31, carets)}`,
  ].join('\n');
}

const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Tabs become one space, so that columns stay true; other control characters a question mark. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(CONTROL, '?');
}

const WIDE = /[\p{Emoji_Presentation}\p{sc=Han}\p{sc=Hangul}\p{sc=Hira}\p{sc=Kana}\uff01-\uff60]/gu;

/** Spaces as wide as a terminal shows the text. */
function blank(text: string): string {
  return printable(text).replaceAll(/\p{M}/gu, '').replaceAll(WIDE, '  ').replaceAll(/[^ ]/gu, ' ');
}

/** By place, each once: a default's fault shows in every service that takes it. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const unique = new Map<string, Problem>();
  for (const problem of problems) {
    const { place, message } = problem;
    const key = `${place?.line}:${place?.column}:${message}`;
    if (!unique.has(key)) unique.set(key, problem);
  }
  const line = ({ place }: Problem): number => place?.line ?? 0;
  const column = ({ place }: Problem): number => place?.column ?? 0;
  return [...unique.values()].sort((a, b) => line(a) - line(b) || column(a) - column(b));
}
