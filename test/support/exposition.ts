/** Prometheus' text format, read back. */

export interface SampleLine {
  /** With the suffix that a histogram's samples have. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface FamilyText {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly SampleLine[];
}

/** Metric families by name. */
export function parseExposition(text: string): Map<string, FamilyText> {
  const families = new Map<string, { type: string; help: string; samples: SampleLine[] }>();
  let family = { type: '', help: '', samples: [] as SampleLine[] };
  for (const line of text.split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP' && name !== undefined) {
      family = { type: '', help: rest ?? '', samples: [] };
      families.set(name, family);
    } else if (kind === 'TYPE') family.type = rest ?? '';
    else if (line !== '') family.samples.push(parseSample(line));
  }
  return families;
}

function parseSample(line: string): SampleLine {
  const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? +(\S+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label, text]) => [label!, text!])),
    value: value === '+Inf' ? Infinity : Number(value),
  };
}
