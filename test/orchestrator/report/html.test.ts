import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { chartsOf } from '../../../orchestrator/report/charts.js';
import { reportHtml } from '../../../orchestrator/report/html.js';
import { escaped } from '../../../orchestrator/report/markup.js';
import { chartSvg } from '../../../orchestrator/report/svg.js';
import { HOSTILE, hostileContent, seriesOf } from './hostile.js';

const CHROMIUM = process.env['CHROMIUM'] || '/usr/bin/chromium';

test('nothing that a rollout says is markup', () => {
  const page = reportHtml(hostileContent());
  const tags = new Set([...page.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)].map(([, name]) => name));
  const used =
    '!doctype html head meta title style body h1 h2 h3 p section div table thead tbody tr th td ul li figure figcaption svg path text footer';
  expect([...tags].filter((tag) => !used.split(' ').includes(tag!))).toEqual([]);
  expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
  expect(page.split(escaped(HOSTILE)).length).toBeGreaterThan(5);
});

test('it needs nothing but itself', () => {
  const page = reportHtml(hostileContent()).replaceAll(escaped(HOSTILE), '');
  expect(page).not.toMatch(/src=|href=|url\(|@import|https?:/);
});

test('a real browser runs and loads nothing of it, in both themes and at phone width', async () => {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => asked.push('a dialog')));
    await page.setContent(reportHtml(hostileContent()));
    expect(await page.title()).toBe('Canary of mcp-scraper: r');
    expect(asked).toEqual([]);
    const fits = 'document.documentElement.scrollWidth <= innerWidth';
    expect(await page.evaluate(fits)).toBe(true);
    const background = 'getComputedStyle(document.body).backgroundColor';
    const seen: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      seen.push(await page.evaluate(background));
    }
    expect(seen).toEqual(['rgb(255, 255, 255)', 'rgb(17, 21, 27)']);
  } finally {
    await browser.close();
  }
});

test('a chart leaves a gap where nothing was seen, and tells its values in words', () => {
  const memory = chartsOf(seriesOf(), 380e6).find(({ title }) => title === 'Memory')!;
  const { text } = chartSvg(memory);
  const line = /class="line canary" d="([^"]*)"/.exec(text)?.[1];
  expect(line).toMatch(/^M[\d. ]+h2M[\d. ]+L[\d. ]+$/);
  expect(text).toContain('canary 200 MB');
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
});

test('tracks that were not seen have no line, and a chart without any is left out', () => {
  const series = seriesOf();
  const titles = chartsOf(series, null).map(({ title }) => title);
  expect(titles).toHaveLength(5);
  expect(JSON.stringify(chartsOf(series, null))).not.toContain('baseline');
  const empty = Object.fromEntries(Object.keys(series.columns).map((field) => [field, [null]]));
  const columns = empty as unknown as typeof series.columns;
  expect(chartsOf({ ...series, columns }, null)).toEqual([]);
});
