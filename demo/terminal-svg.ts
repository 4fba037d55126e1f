/** Lines of a terminal as an SVG picture, light or dark as its viewer is (pure). */
import type { Line, Tone } from '../orchestrator/cli/terminal/line.js';
import { html, type Html } from '../orchestrator/report/markup.js';

const CHARACTER = 8.4;
const ROW = 19;
const MARGIN = 16;

const STYLE = `text { font: 14px ui-monospace, Menlo, Consolas, monospace; white-space: pre; fill: #1b2430 }
rect { fill: #f8f9fb; stroke: #dfe3e8 } .strong { font-weight: 700 } .faint { fill: #687382 }
.good { fill: #11703a } .bad { fill: #b3261e; font-weight: 700 } .care { fill: #855100 }
@media (prefers-color-scheme: dark) { text { fill: #e8ebf0 } rect { fill: #161b22; stroke: #2e3743 }
.faint { fill: #98a4b3 } .good { fill: #6fd598 } .bad { fill: #ff9b92 } .care { fill: #f1c15c } }`;

export function terminalSvg(lines: readonly Line[], columns: number): string {
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = lines.length * ROW + 2 * MARGIN;
  const rows = lines.map((line, row) => rowOf(line, MARGIN + (row + 0.8) * ROW));
  const picture = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
  >
    <style>
      ${STYLE}
    </style>
    <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" />
    ${rows}
  </svg> `;
  return picture.text;
}

/** Each part stands at its own column, whatever font the viewer has. */
function rowOf(line: Line, y: number): Html {
  let column = 0;
  const parts = line.map(({ text, tone }) => {
    const at = MARGIN + column * CHARACTER;
    column += text.length;
    return partOf(text, tone, at, y);
  });
  return html`${parts}`;
}

function partOf(text: string, tone: Tone, x: number, y: number): Html {
  if (text.trim() === '') return html``;
  const length = Math.round(text.length * CHARACTER * 10) / 10;
  const at = Math.round(x * 10) / 10;
  return html`<text class="${tone}" x="${at}" y="${y}" textLength="${length}" xml:space="preserve"
    >${text}</text
  > `;
}
