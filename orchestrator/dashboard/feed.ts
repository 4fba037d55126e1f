/**
 * What open pages see live, as server-sent events. Every page gets the whole state when it
 * connects, then only what has changed; one that was cut off connects again and is told all anew.
 *
 * 1. At most `MAX_PAGES` are served.
 * 2. A page that does not read what it was sent is skipped, and after `STALLED_MS` dropped.
 * 3. Nothing is looked at while nobody is connected.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { Desk } from './desk.js';
import type { Histories } from './histories.js';
import type { OpenRollout, Overview, SeriesPatch } from './messages.js';
import { openView, overviewOf } from './summary.js';

export const MAX_PAGES = 24;
const EVERY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const STALLED_MS = 20_000;
const RECENT_RUNS = 5;

export interface FeedParts {
  readonly desk: Desk;
  readonly histories: Histories;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One connected page, and what it was told last. */
interface Page {
  readonly response: ServerResponse;
  readonly rollout: string | null;
  overview: string;
  view: string;
  series: { readonly bucketMs: number; readonly buckets: number; readonly last: string } | null;
  toldAtMs: number;
  stalledSinceMs: number | null;
}

/** What is new for everybody at one look. */
interface Look {
  readonly nowMs: number;
  readonly overview: string;
  readonly views: ReadonlyMap<string, OpenRollout>;
}

export class Feed {
  readonly #parts: FeedParts;
  readonly #pages = new Set<Page>();
  readonly #stop = new AbortController();
  #running = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Serves a page until it leaves; false when there are too many. `rollout`: the one it shows. */
  open(response: ServerResponse, rollout: string | null): boolean {
    if (this.#pages.size >= MAX_PAGES || this.#stop.signal.aborted) return false;
    const page: Page = {
      response,
      rollout,
      overview: '',
      view: '',
      series: null,
      toldAtMs: this.#parts.clock.now(),
      stalledSinceMs: null,
    };
    this.#pages.add(page);
    response.once('close', () => this.#pages.delete(page));
    response.write('retry: 2000\n\n');
    if (!this.#running) void this.#run();
    return true;
  }

  /** Pages that are connected. */
  get size(): number {
    return this.#pages.size;
  }

  close(): void {
    this.#stop.abort();
    for (const { response } of this.#pages) response.destroy();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#running = true;
    while (this.#pages.size > 0 && !this.#stop.signal.aborted) {
      await this.#tellAll().catch((error: unknown) => log.error({ err: error }, 'no live view'));
      await clock.sleep(EVERY_MS, this.#stop.signal);
    }
    this.#running = false;
  }

  async #tellAll(): Promise<void> {
    const { desk, clock } = this.#parts;
    const overview = JSON.stringify(await this.#overview());
    const views = new Map<string, OpenRollout>();
    for (const { rollout } of this.#pages) {
      if (rollout === null || views.has(rollout)) continue;
      const view = desk.rollout(rollout);
      if (view.ok) views.set(rollout, openView(view.value));
    }
    const look = { nowMs: clock.now(), overview, views };
    for (const page of this.#pages) {
      if (this.#reads(page, look.nowMs)) await this.#tell(page, look);
    }
  }

  async #overview(): Promise<Overview> {
    const { desk } = this.#parts;
    const recent = desk.runs.recent(RECENT_RUNS);
    return overviewOf({
      status: await desk.status(),
      runs: recent.ok ? recent.value.runs : [],
      schedules: desk.scheduler.list(1).schedules,
    });
  }

  /** False for a page that has not taken what it was sent. */
  #reads(page: Page, nowMs: number): boolean {
    if (!page.response.writableNeedDrain) {
      page.stalledSinceMs = null;
      return true;
    }
    page.stalledSinceMs ??= nowMs;
    if (nowMs - page.stalledSinceMs >= STALLED_MS) page.response.destroy();
    return false;
  }

  async #tell(page: Page, { nowMs, overview, views }: Look): Promise<void> {
    const news: string[] = [];
    if (overview !== page.overview) news.push(eventText('overview', overview));
    page.overview = overview;
    const view = page.rollout === null ? undefined : views.get(page.rollout);
    if (view !== undefined) {
      const text = JSON.stringify(view);
      if (text !== page.view) news.push(eventText('rollout', text));
      page.view = text;
      const patch = await this.#patch(page, view.id);
      if (patch !== null) news.push(eventText('series', JSON.stringify(patch)));
    }
    if (news.length === 0 && nowMs - page.toldAtMs < HEARTBEAT_MS) return;
    page.toldAtMs = nowMs;
    page.response.write(news.length > 0 ? news.join('') : ': here\n\n');
  }

  /** What the page lacks of the series; its last bucket may have grown. */
  async #patch(page: Page, id: string): Promise<SeriesPatch | null> {
    const series = await this.#parts.histories.of(id);
    if (series === null) return null;
    let patch = series.patch(page.series === null ? 0 : Math.max(0, page.series.buckets - 1));
    if (page.series !== null && page.series.bucketMs !== patch.bucketMs) patch = series.patch(0);
    const last = JSON.stringify(patch);
    if (last === page.series?.last) return null;
    const buckets = patch.from + patch.columns.weightSet.length;
    page.series = { bucketMs: patch.bucketMs, buckets, last };
    return patch;
  }
}

/** An event whose data is one line of JSON. */
function eventText(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
