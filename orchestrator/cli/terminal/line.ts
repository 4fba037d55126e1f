/** A line of a terminal as data: what it says, and in which tone. Colour never tells what words do not. */
import { harmless } from './harmless.js';
import { clip, widthOf, wrap } from './width.js';

export type Tone = 'plain' | 'strong' | 'faint' | 'good' | 'bad' | 'care';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** Select Graphic Rendition (ECMA-48, 8.3.117); the sixteen colours are the terminal's theme's. */
const SGR: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  faint: '2',
  good: '32',
  bad: '1;31',
  care: '33',
};

/** Whatever steers a terminal is taken from the text. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: harmless(text), tone };
}

export function lineOf(text: string, tone: Tone = 'plain'): Line {
  return [span(text, tone)];
}

export function textOf(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** The line as the terminal gets it. */
export function painted(line: Line, color: boolean): string {
  if (!color) return textOf(line);
  return line
    .map(({ text, tone }) => (SGR[tone] === '' ? text : `\u001b[${SGR[tone]}m${text}\u001b[0m`))
    .join('')
    .trimEnd();
}

/** The line, no longer than so many columns. */
export function clipped(line: Line, columns: number): Line {
  const kept: Span[] = [];
  let left = columns;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    kept.push({ text: clip(text, left), tone });
    left -= widthOf(text);
  }
  return kept;
}

/** A text after a head, in as many lines as it needs; the others begin below the first's text. */
export function hanging(head: Line, text: string, columns: number, tone: Tone = 'plain'): Line[] {
  const indent = widthOf(head.map((part) => part.text).join(''));
  const rows = wrap(harmless(text), Math.max(20, columns - indent));
  return rows.map((row, i) => [
    ...(i === 0 ? head : lineOf(' '.repeat(indent))),
    { text: row, tone },
  ]);
}
