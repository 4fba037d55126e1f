/** A document whose commands can be run: what stands in its fenced blocks. Pure. */

/** A ```bash block, and what must be seen of its output: the ```text block that follows it. */
export interface Step {
  /** Of the command's first line in the file, from 1. */
  readonly line: number;
  readonly command: string;
  /** Lines of the output; {@link firstMissing} says how they are compared. */
  readonly expected: readonly string[];
  /** Only looks, so it can be repeated until what it shall show is there. */
  readonly looks: boolean;
}

const BLOCK = /^```(?<language>\w*)[^\n]*\n(?<body>[^]*?)^```$/gm;
const LOOKING = /^(?:canary (?:status|doctor|history|diff)|curl|pm2 (?:list|describe))\b/;

/** The steps of a Markdown text, in their order. Blocks of other languages are not run. */
export function stepsOf(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  for (const { index, groups } of markdown.matchAll(BLOCK)) {
    const { language = '', body = '' } = groups ?? {};
    const last = steps.at(-1);
    if (language === 'bash') steps.push(stepOf(body, markdown.slice(0, index)));
    else if (language === 'text' && last?.expected.length === 0) {
      steps[steps.length - 1] = { ...last, expected: body.trimEnd().split('\n') };
    }
  }
  return steps;
}

function stepOf(body: string, before: string): Step {
  const lines = body.trim().split('\n');
  return {
    line: before.split('\n').length + 1,
    command: body.trim(),
    expected: [],
    looks: lines.every((line) => LOOKING.test(line)),
  };
}

/**
 * The first expected line that the output does not have, or null. The lines must come in this order,
 * others may stand between them; white space counts as one blank, `...` stands for anything.
 */
export function firstMissing(expected: readonly string[], output: string): string | null {
  const seen = output.split('\n').map(normal);
  let from = 0;
  for (const line of expected) {
    const parts = normal(line).split('...');
    const at = seen.findIndex((candidate, index) => index >= from && consistsOf(candidate, parts));
    if (at < 0) return line;
    from = at + 1;
  }
  return null;
}

/** Whether a line is these parts, with anything between two of them. */
function consistsOf(line: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return line === first;
  if (!line.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = line.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return line.length - last.length >= from && line.endsWith(last);
}

function normal(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}
