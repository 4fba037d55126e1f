/** A report as Markdown for a pull request: charts are lines of blocks, and nothing in it is a link, a mention or HTML (pure). */
import type { Chart, Values } from './charts.js';
import type { Block, Content } from './content.js';
import { lastOf } from './svg.js';

const BLOCKS = '▁▂▃▄▅▆▇█';
/** As wide as fits beside a label. */
const SPARKS = 48;
/** After this a mark that would begin something begins nothing, and is not seen (U+200B). */
const NOTHING = '\u200b';

export function reportMarkdown({ title, summary, sections }: Content): string {
  const parts = sections.map(
    (section) => `## ${section.title}\n\n${section.blocks.map(blockText).join('\n\n')}`,
  );
  return `# ${inert(title)}\n\n**${inert(summary)}**\n\n${parts.join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'text':
      return inert(block.text);
    case 'list':
      return block.items.map((item) => `- ${inert(item)}`).join('\n');
    case 'table':
      return tableText(block.head, block.rows);
    case 'chart':
      return chartText(block.chart);
  }
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(inert).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

function chartText(chart: Chart): string {
  const rows = chart.lines.map(
    (line) => `| ${inert(lastOf(line, chart))} | \`${sparks(line.values)}\` |`,
  );
  return [
    `**${inert(chart.title)}.** ${inert(chart.note)}`,
    '',
    '| at the end | over time |',
    '| --- | --- |',
    ...rows,
  ].join('\n');
}

/** Values as blocks from the lowest to the highest; a space where nothing was seen. */
export function sparks(values: Values): string {
  const per = Math.max(1, Math.ceil(values.length / SPARKS));
  const means: (number | null)[] = [];
  for (let i = 0; i < values.length; i += per) {
    const seen = values.slice(i, i + per).filter((value) => value !== null);
    means.push(
      seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0) / seen.length,
    );
  }
  const known = means.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const spread = high - low || 1;
  return means
    .map((value) =>
      value === null
        ? ' '
        : (BLOCKS[Math.floor(((value - low) / spread) * (BLOCKS.length - 1))] ?? ' '),
    )
    .join('');
}

/**
 * Text in one line of which Markdown (GitHub's too) makes nothing: marks are escaped, and neither a
 * mention, a reference (`#1`) nor an address becomes a link.
 */
export function inert(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/[\\`*_{}[\]<>|~&$!^]/g, '\\$&')
    .replace(/[@#]/g, (mark) => (mark === '#' ? `\\#${NOTHING}` : `@${NOTHING}`))
    .replace(/:\/\//g, `:${NOTHING}//`)
    .replace(/\bwww\./gi, (word) => `${word.slice(0, -1)}${NOTHING}.`)
    .replace(
      /^(\s*)([-+=]|\d+[.)](?=\s|$))/,
      (_, space: string, mark: string) => `${space}${NOTHING}${mark}`,
    );
}
