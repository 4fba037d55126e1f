import { appendFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, type Story } from '../../../demo/exhibit.js';
import { exhibitStories } from '../../../demo/stories.js';
import { waitFor } from '../../support/wait.js';
import { contrastFaults } from './contrast.js';
import { CHROMIUM, hasChromium, serveExhibit, type Served } from './support.js';

const HOSTILE = '<img src=x onerror="pwned=1">\u001b[31mred\u202e';
const LONG_MS = 119 * MINUTE_MS;
const LIVE = 'mcp-scraper-8';

function stories(): Story[] {
  const nowMs = Date.now();
  const [files, old, search, live] = exhibitStories(nowMs);
  return [
    files!,
    old!,
    { ...search!, tools: [HOSTILE] },
    { ...live!, startedAtMs: nowMs - LONG_MS, seenMs: LONG_MS },
  ];
}

describe.runIf(hasChromium)('the page in a real browser', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox'],
      timeout: 120_000,
    });
    served = await serveExhibit(stories());
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  beforeEach(async () => {
    served.exhibit.restore();
    page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    page.setDefaultTimeout(60_000);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const open = async (hash: string): Promise<void> => {
    await page.goto(`${served.url}/${hash}`);
    await page.locator('.connection[data-up=true]').waitFor();
  };
  const see = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
  const press = (name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click();
  const focused = () => page.evaluate('document.activeElement.textContent');

  it('shows each service and where it stands', async () => {
    await open('#/');
    const cards = page.locator('.service');
    await cards.first().waitFor();
    const shown = await cards.allInnerTexts();
    expect(shown.map((text) => /Observing|Promoted|Rolled back/.exec(text)?.[0])).toEqual([
      'Promoted',
      'Observing',
      'Rolled back',
    ]);
    expect(shown[1]).toMatch(/New sessions\s+10 %/);
  });

  it('shows what was upgraded together, and what will be next', async () => {
    await open('#/');
    const schedule = page.getByRole('row').filter({ hasText: 'nightly' });
    await schedule.waitFor();
    expect(await schedule.innerText()).toMatch(
      /group all-mcp\s+\d+ \w+, \d\d:\d\d\s+\d+ \w+, \d\d:\d\d, started: on time/,
    );
    const run = page.getByRole('row').filter({ hasText: 'run-2' });
    const states = await run.getByRole('listitem').allInnerTexts();
    expect(states.map((text) => text.replaceAll(/\s+/g, ' '))).toEqual([
      '1 ✓ Promoted',
      '1 = Unchanged',
      '1 ↶ Rolled back',
    ]);
  });

  it('shows a rollout with its checks, its tracks, its moves and its charts', async () => {
    await open(`#/rollouts/${LIVE}`);
    await page.locator('.plot canvas').first().waitFor();
    expect(await page.locator('.plot canvas').count()).toBe(6);
    const sessions = page.getByRole('img', { name: /^Sessions opened\./ });
    expect(await sessions.getAttribute('aria-label')).toMatch(
      / \d+ on the canary, \d+ on stable\.$/,
    );
    const checks = await page.locator('.check h3').allInnerTexts();
    expect(checks).toEqual(['Crashes', 'Errors', 'Latency', 'Memory', 'Logs']);
    await see(/canary grows .* at full traffic reaches 380 MB/);
    await see('the canary is ready');
    const errors = page.locator('.chart').first();
    expect(await errors.getByRole('img').getAttribute('aria-label')).toMatch(
      /percentage points .*between −.* and \+/,
    );
    await errors.getByText('As a table').click();
    await waitFor(async () => (await errors.locator('tbody tr').count()) > 5, {
      what: 'the table',
    });
  });

  it('goes on live, tells changes aloud, and comes back after an interruption', async () => {
    await open(`#/rollouts/${LIVE}`);
    await page.locator('.plot canvas').first().waitFor();
    const grown = {
      type: 'process',
      track: 'canary',
      rssBytes: 299e6,
      restarts: 0,
      uptimeMs: LONG_MS,
      sessionsOpened: 90,
      calls: 1,
    } as const;
    served.exhibit.add(LIVE, [{ ...grown, atMs: Date.now() }]);
    await see('Canary 299 MB, stable');
    served.cut();
    served.exhibit.desk.steer('mcp-scraper', 'pause', HOSTILE);
    await see('a person paused it: a person paused it');
    expect(await page.locator('#announcer').textContent()).toBe(`${LIVE} is now: Held`);
    expect(await page.evaluate('performance.getEntriesByType("navigation").length')).toBe(1);
  });

  it('takes nothing that strangers wrote for anything but text', async () => {
    await open('#/history');
    await see(/most of it in <img src=x/);
    await page.getByRole('link', { name: 'mcp-search-3' }).click();
    await page.locator('.check').first().waitFor();
    const text = await page.locator('#content').innerText();
    expect(text).toContain('<img src=x onerror="pwned=1">\ufffd[31mred\ufffd');
    expect(await page.locator('#content img').count()).toBe(0);
    expect(await page.evaluate('typeof pwned')).toBe('undefined');
  });

  it('acts with the token from the address, which does not stay there, and after a question', async () => {
    await open(`#token=${served.token}`);
    expect(page.url()).not.toContain(served.token);
    await page.goto(`${served.url}/#/rollouts/${LIVE}`);
    await press('Pause');
    await page.getByLabel('Reason').fill('lunch');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(served.exhibit.asked).toEqual([]);
    await press('Pause');
    await page.getByLabel('Reason').fill('lunch');
    await page.locator('dialog').getByRole('button', { name: 'Pause' }).click();
    await see('Held');
    expect(served.exhibit.asked).toEqual(['pause mcp-scraper: lunch']);
  });

  it('shows the plan before it starts anything, and asks for the token when it has none', async () => {
    await open('#/');
    await press('Start a canary of mcp-files');
    await page.getByRole('textbox', { name: 'Token' }).fill(served.token);
    await press('Keep for this tab');
    await page.getByLabel('Working directory').fill('/srv/files-2');
    await page.getByLabel('Share of new sessions').fill('20');
    await press('Show the plan');
    await see('/srv/scraper-1.4.0');
    const wishes = '{"release":{"cwd":"/srv/files-2"},"weight":0.2}';
    expect(served.exhibit.asked).toEqual([`plan mcp-files ${wishes}`]);
    await press('Start the canary');
    await waitFor(() => served.exhibit.asked.length === 2, { what: 'the start' });
    expect(served.exhibit.asked[1]).toBe(`start mcp-files ${wishes}`);
  });

  it('shows what both tracks print to who has the token, harmless and live', async () => {
    await open(`#/rollouts/${LIVE}`);
    await press('Show the logs');
    await page.getByRole('textbox', { name: 'Token' }).fill(served.token);
    await press('Keep for this tab');
    const errors = page.getByRole('region', { name: 'Canary, errors' });
    await errors.waitFor();
    expect(await errors.innerText()).toContain('\ufffd[31mKeyError: "title"\ufffd[0m');
    expect(await page.locator('.tails pre').count()).toBe(4);
    appendFileSync(served.exhibit.logs.canary!.err, `${HOSTILE}\n`);
    await errors.getByText('onerror="pwned=1">\ufffd[31mred\ufffd').waitFor();
    expect(await page.evaluate('typeof pwned')).toBe('undefined');
    await press('Hide the logs');
    expect(await page.locator('.tails pre').count()).toBe(0);
  });

  it('says why an order is refused', async () => {
    await open(`#token=${'x'.repeat(43)}`);
    await page.goto(`${served.url}/#/rollouts/${LIVE}`);
    await press('Roll back');
    await page.locator('dialog').getByRole('button', { name: 'Roll back' }).click();
    await see('this needs the token that');
    expect(served.exhibit.asked).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('can be read in the %s theme', async (theme) => {
    await page.emulateMedia({ colorScheme: theme });
    for (const hash of ['#/', `#/rollouts/${LIVE}`, '#/rollouts/mcp-search-3', '#/history']) {
      await open(hash);
      await page.locator('.service, .check, .history tbody').first().waitFor();
      expect(await page.evaluate(contrastFaults)).toEqual([]);
    }
  });

  it('changes the theme by hand, and keeps it', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open('#/');
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await press('Theme: auto');
    await press('Theme: light');
    expect(await background()).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    expect(await background()).not.toBe(light);
  });

  it('needs no mouse', async () => {
    await open(`#/rollouts/${LIVE}`);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    for (const name of ['Promote', 'Pause']) {
      await page.keyboard.press('Tab');
      expect(await focused()).toBe(name);
    }
    const outline = 'getComputedStyle(document.activeElement).outlineStyle';
    expect(await page.evaluate(outline)).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'The token, please' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('Pause');
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const hash of ['#/', `#/rollouts/${LIVE}`, '#/history']) {
      await open(hash);
      await page.locator('.service, .check, .history tbody').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    }
  });

  it('stays under 50 MB with two hours at steps of five seconds', async () => {
    await open(`#/rollouts/${LIVE}`);
    await page.locator('.plot canvas').first().waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    expect(usedSize).toBeLessThan(50e6);
  });
});
