/** A chart as SVG for an HTML page: its colours are the page's, so that it follows the theme (pure). */
import { formatSeconds } from '../../config/units.js';
import type { Chart, ChartLine, Values } from './charts.js';
import { html, type Html } from './markup.js';

const WIDTH = 520;
const HEIGHT = 190;
const PLOT = { left: 62, right: WIDTH - 12, top: 10, bottom: HEIGHT - 24 } as const;
const Y_TICKS = 4;

/** Where values and times are drawn. */
interface Scale {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export function chartSvg(chart: Chart): Html {
  const scale = scaleOf(chart);
  const label = `${chart.title}. ${chart.note} ${chart.lines.map((line) => lastOf(line, chart)).join('; ')}`;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    ${yAxis(scale, chart)}${xAxis(scale, chart)}${bandOf(chart, scale)}
    ${chart.lines.map((line) => html`<path class="line ${line.tone}" d="${pathOf(line.values, scale)}" />`)}
  </svg>`;
}

/** A line's last value, for those who do not see it. */
export function lastOf({ label, values }: ChartLine, { format }: Chart): string {
  const last = values.findLast((value) => value !== null);
  return last == null ? label : `${label} ${format(last)}`;
}

function scaleOf({ lines }: Chart): Scale {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const step = niceStep((high - low || 1) / Y_TICKS);
  const count = Math.max(...lines.map((line) => line.values.length));
  return { low: Math.floor(low / step) * step, high: Math.ceil((high || 1) / step) * step, count };
}

/** The next 1, 2 or 5 times a power of ten. */
function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
}

function x(index: number, { count }: Scale): number {
  return rounded(PLOT.left + (index / Math.max(1, count - 1)) * (PLOT.right - PLOT.left));
}

function y(value: number, { low, high }: Scale): number {
  return rounded(PLOT.bottom - ((value - low) / (high - low || 1)) * (PLOT.bottom - PLOT.top));
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function yAxis(scale: Scale, { format }: Chart): Html[] {
  const step = niceStep((scale.high - scale.low) / Y_TICKS);
  const ticks: number[] = [];
  for (let i = Math.round(scale.low / step); i * step <= scale.high + step / 2; i += 1) {
    ticks.push(i * step);
  }
  return ticks.map((value) => {
    const at = y(value, scale);
    return html`<path class="grid" d="M${PLOT.left} ${at}H${PLOT.right}" /><text
        x="${PLOT.left - 6}"
        y="${at + 4}"
        text-anchor="end"
        >${format(value)}</text
      >`;
  });
}

function xAxis(scale: Scale, { spanMs }: Chart): Html[] {
  const anchors = ['start', 'middle', 'end'] as const;
  return anchors.map((anchor, i) => {
    const index = ((scale.count - 1) * i) / 2;
    return html`<text x="${x(index, scale)}" y="${HEIGHT - 6}" text-anchor="${anchor}"
      >${i === 0 ? 'start' : formatSeconds(index * spanMs)}</text
    >`;
  });
}

/** Pieces with nothing between them where nothing was seen. */
function piecesOf(values: Values): [index: number, value: number][][] {
  const pieces: [number, number][][] = [[]];
  values.forEach((value, index) => {
    if (value === null) pieces.push([]);
    else pieces.at(-1)?.push([index, value]);
  });
  return pieces.filter((piece) => piece.length > 0);
}

function pathOf(values: Values, scale: Scale): string {
  return piecesOf(values)
    .map((piece) => {
      const points = piece.map(([index, value]) => `${x(index, scale)} ${y(value, scale)}`);
      // A single point is a short dash, else it is not seen.
      return `M${points.join('L')}${points.length === 1 ? 'h2' : ''}`;
    })
    .join('');
}

function bandOf({ band, lines }: Chart, scale: Scale): Html {
  const valuesOf = (label: string): Values =>
    lines.find((line) => line.label === label)?.values ?? [];
  if (band === null) return html``;
  const upper = piecesOf(valuesOf(band[0]));
  const lower = piecesOf(valuesOf(band[1]));
  const outlines = upper.map((piece, i) => {
    const back = [...(lower[i] ?? [])].reverse();
    const points = [...piece, ...back].map(
      ([index, value]) => `${x(index, scale)} ${y(value, scale)}`,
    );
    return `M${points.join('L')}Z`;
  });
  return html`<path class="band" d="${outlines.join('')}" />`;
}
