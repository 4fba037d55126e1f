/** One chart with its key, and the same in words and as a table for those who do not see it. */
import uPlot from './uplot.js';
import { el, fill, table } from './dom.js';
import { clock } from './format.js';

/** @typedef {import('./series.js').Series} Series */
/** @typedef {import('../messages.js').OpenRollout} OpenRollout */

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {'stable' | 'canary' | 'baseline' | 'edge' | 'limit'} tone its colour, `--chart-TONE` in style.css
 * @property {boolean} [dashed]
 * @property {boolean} [stepped]
 * @property {(series: Series, rollout: OpenRollout) => (number | null)[]} values one a time of the series; one more is where the chart ends
 */

/**
 * @typedef {object} ChartSpec
 * @property {string} title
 * @property {string} note what is shown, in a sentence
 * @property {boolean} [wide] takes the whole width
 * @property {readonly Line[]} lines
 * @property {readonly [number, number]} [band] the lines, upper first, between which it is filled
 * @property {(value: number | null | undefined) => string} format
 * @property {(series: Series, rollout: OpenRollout) => string} summary the chart in a sentence
 * @property {(series: Series) => [number, number] | null} [range] of the values; null: as they are
 */

const HEIGHT = 180;
const TABLE_ROWS = 12;

export class Chart {
  #spec;
  #plot = el('div', { class: 'plot', role: 'img' });
  #key = el('ul', { class: 'key' });
  #summary = el('p', { class: 'summary' });
  #details = el('details', {}, el('summary', {}, 'As a table'));
  #rows = el('div');
  /** @type {uPlot | null} */
  #uplot = null;
  /** The times, then each line's values. @type {(number | null)[][]} */
  #data = [[]];
  /** @type {Series | null} */
  #series = null;

  /** @param {ChartSpec} spec */
  constructor(spec) {
    this.#spec = spec;
    this.#details.append(this.#rows);
    this.#details.addEventListener('toggle', () => this.#fillTable());
    this.element = el(
      'figure',
      { class: `panel chart${spec.wide === true ? ' wide' : ''}` },
      el('figcaption', {}, el('h3', {}, spec.title), el('p', { class: 'note' }, spec.note)),
      this.#key,
      this.#plot,
      this.#summary,
      this.#details,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#plot);
  }

  /**
   * @param {Series} series
   * @param {OpenRollout} rollout
   */
  update(series, rollout) {
    this.#series = series;
    const last = series.times.at(-1) ?? series.startedAtMs / 1_000;
    const end = rollout.endedAtMs === null ? Math.max(last, series.windowEndsAtMs / 1_000) : last;
    const times = [...series.times, end > last ? end : last + series.bucketMs / 1_000];
    const values = this.#spec.lines.map((line) => {
      const found = line.values(series, rollout);
      return found.length < times.length ? [...found, null] : found;
    });
    this.#data = [times, ...values];
    const words = this.#spec.summary(series, rollout);
    this.#plot.setAttribute('aria-label', `${this.#spec.title}. ${words}`);
    fill(this.#summary, words, () => [words]);
    if (this.#uplot === null) this.draw();
    else this.#uplot.setData(aligned(this.#data));
    this.#fillKey(null);
    if (this.#details.open) this.#fillTable();
  }

  /** Draws it anew, in the colours that are right now. */
  draw() {
    this.#uplot?.destroy();
    this.#uplot = null;
    const width = this.#plot.clientWidth;
    if (width === 0 || this.#series === null) return;
    this.#uplot = new uPlot(this.#options(width), aligned(this.#data), this.#plot);
  }

  destroy() {
    this.#uplot?.destroy();
  }

  #resize() {
    const width = this.#plot.clientWidth;
    if (this.#uplot === null) this.draw();
    else if (width > 0 && width !== this.#uplot.width) {
      this.#uplot.setSize({ width, height: HEIGHT });
    }
  }

  /**
   * @param {number} width
   * @returns {uPlot.Options}
   */
  #options(width) {
    const { lines, band, format, range } = this.#spec;
    const [ink, grid] = [color('--soft'), color('--line')];
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        y: {
          range: (_, low, high) => (this.#series && range?.(this.#series)) ?? padded(low, high),
        },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 32,
          values: (_, at) => at.map((second) => clock(second * 1_000)),
        },
        { ...axis, size: 66, space: 34, values: (_, at) => at.map((value) => format(value)) },
      ],
      series: [{}, ...lines.map(lineOptions)],
      bands: band ? [{ series: [band[0] + 1, band[1] + 1], fill: color('--chart-band') }] : [],
      hooks: { setCursor: [(plot) => this.#fillKey(plot.cursor.idx ?? null)] },
    };
  }

  /**
   * The lines' names with their values where the pointer is, else the latest.
   * @param {number | null} index
   */
  #fillKey(index) {
    const { lines, format } = this.#spec;
    const shown = lines.flatMap(({ label, tone, dashed }, i) => {
      const values = this.#data[i + 1] ?? [];
      if (values.every((value) => value === null)) return [];
      const value = index === null ? values.findLast((each) => each !== null) : values[index];
      return [{ label, tone, dashed: dashed === true, value: format(value) }];
    });
    fill(this.#key, shown, () =>
      shown.map(({ label, tone, dashed, value }) =>
        el(
          'li',
          {},
          el('span', { class: `swatch ${tone}${dashed ? ' dashed' : ''}`, 'aria-hidden': 'true' }),
          `${label} `,
          el('b', {}, value),
        ),
      ),
    );
  }

  #fillTable() {
    if (!this.#details.open || this.#series === null) return;
    const { lines, format, title } = this.#spec;
    const { times } = this.#series;
    const every = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
    const indexes = times.map((_, i) => i).filter((i) => (times.length - 1 - i) % every === 0);
    const rows = indexes.map((i) => [
      clock((times[i] ?? 0) * 1_000),
      ...lines.map((_, line) => format(this.#data[line + 1]?.[i])),
    ]);
    const head = ['Time', ...lines.map(({ label }) => label)];
    fill(this.#rows, rows, () => [table(title, head, rows)]);
  }
}

/** As uPlot types it: the first column has no gaps. @param {(number | null)[][]} data */
function aligned(data) {
  return /** @type {uPlot.AlignedData} */ (data);
}

/**
 * @param {Line} line
 * @returns {uPlot.Series}
 */
function lineOptions({ label, tone, dashed, stepped }) {
  const thin = tone === 'edge' || tone === 'limit';
  return {
    label,
    stroke: color(`--chart-${tone}`),
    width: thin ? 1 : 2,
    points: { show: false },
    spanGaps: true,
    ...(dashed === true ? { dash: [5, 4] } : {}),
    ...(stepped === true && uPlot.paths.stepped
      ? { paths: uPlot.paths.stepped({ align: 1 }) }
      : {}),
  };
}

/**
 * @param {number | null} low
 * @param {number | null} high
 * @returns {[number, number]}
 */
function padded(low, high) {
  const [from, to] = [Math.min(0, low ?? 0), high ?? 1];
  return [from, to === from ? from + 1 : to + (to - from) * 0.08];
}

/** A colour of style.css as a canvas takes it: for the theme that is shown. @param {string} name */
function color(name) {
  const probe = el('i');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
