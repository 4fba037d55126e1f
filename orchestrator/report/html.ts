/** A report as one HTML file: no scripts, nothing from a network, both themes (pure). */
import type { Block, Content, Section } from './content.js';
import { Html, html } from './markup.js';
import { STYLE } from './style.js';
import { chartSvg, lastOf } from './svg.js';
import type { Chart } from './charts.js';

/** Even a hole in the escaping could load and run nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export function reportHtml({ title, summary, result, sections }: Content): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        <p class="summary ${result}">${summary}</p>
        ${sections.map(sectionHtml)}
        <footer>Written by canary. The charts show what was recorded of the trial.</footer>
      </body>
    </html> `;
  return page.text;
}

function sectionHtml({ title, blocks }: Section): Html {
  const charts = blocks.flatMap((block) => (block.kind === 'chart' ? [block.chart] : []));
  const rest = blocks.filter((block) => block.kind !== 'chart');
  return html`<section>
    <h2>${title}</h2>
    ${rest.map(blockHtml)}${charts.length === 0 ? '' : html`<div class="charts">${charts.map(chartHtml)}</div>`}
  </section> `;
}

function blockHtml(block: Exclude<Block, { kind: 'chart' }>): Html {
  switch (block.kind) {
    case 'text':
      return html`<p>${block.text}</p>`;
    case 'list':
      return html`<ul>
        ${block.items.map((item) => html`<li>${item}</li>`)}
      </ul>`;
    case 'table':
      return tableHtml(block.head, block.rows);
  }
}

function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): Html {
  const titles = head.some((title) => title !== '')
    ? html`<thead>
        <tr>
          ${head.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>`
    : '';
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell) => html`<td class="state-${word(cell)}">${cell}</td>`)}
      </tr>`,
  );
  return html`<div class="wide">
    <table>
      ${titles}
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

/** The states of checks have a colour; anything else is no class of the style sheet. */
function word(cell: string): string {
  return /^[a-z]{1,12}$/.test(cell) ? cell : 'none';
}

function chartHtml(chart: Chart): Html {
  const { title, note, lines } = chart;
  const key = lines.map((line) => html`<li class="${line.tone}">${lastOf(line, chart)}</li>`);
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
      <p class="note">${note}</p>
    </figcaption>
    <ul class="key">
      ${key}
    </ul>
    ${chartSvg(chart)}
  </figure> `;
}
