/**
 * `npm run bench:dashboard`: what a page weighs that shows a two-hour rollout from its beginning,
 * told of something new every five seconds. The steps come as fast as a real Chromium takes them.
 *
 * It fails when the page falls behind, or its JavaScript heap is over the limit at any moment.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import type { Clock } from '../common/clock.js';
import { launchChromium } from '../demo/chromium.js';
import { serveDashboard } from '../demo/exhibit-dashboard.js';
import { openExhibit, MINUTE_MS } from '../demo/exhibit.js';
import type { CallEvent, EvidenceEvent, ProcessEvent } from '../orchestrator/judge/types.js';

const STEP_MS = 5_000;
const STEPS = (120 * MINUTE_MS) / STEP_MS;
/** Looked at every ten minutes of the rollout. */
const SAMPLE_STEPS = (10 * MINUTE_MS) / STEP_MS;
const CALLS_PER_STEP = 8;
const LIMIT_BYTES = 50e6;
const ROLLOUT = 'mcp-scraper-1';

const startedAtMs = Date.now() - STEPS * STEP_MS;
let nowMs = startedAtMs;
/** The rollout's time; a second of it is over in ten milliseconds. */
const clock: Clock = {
  now: () => nowMs,
  sleep: (ms, signal) => delay(ms / 100, undefined, { signal }).catch(() => undefined),
};

const story = { service: 'mcp-scraper', number: 1, startedAtMs, seenMs: STEP_MS } as const;
const exhibit = openExhibit([{ ...story, errorRate: 0.01, bytesPerHour: 0, ends: 'not-yet' }]);
const served = await serveDashboard(exhibit, clock);
const browser = await launchChromium();
try {
  await measure(await browser.newPage({ viewport: { width: 1_280, height: 900 } }));
} finally {
  await browser.close();
  await served.close();
  exhibit.dispose();
}

async function measure(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  let told = 0;
  session.on('Network.eventSourceMessageReceived', ({ eventName }) => {
    if (eventName === 'series') told += 1;
  });
  await session.send('Network.enable');
  await page.goto(`${served.url}/#/rollouts/${ROLLOUT}`);
  await page.locator('.plot canvas').first().waitFor();
  let highest = 0;
  for (let step = 1; step <= STEPS; step += 1) {
    nowMs += STEP_MS;
    const before = told;
    exhibit.add(ROLLOUT, eventsOf(step));
    await until(() => told > before, `the page to be told of step ${step}`);
    if (step % SAMPLE_STEPS !== 0) continue;
    // What it was told must be drawn, too.
    await page.getByText(`Canary ${rssOf(step) / 1e6} MB, stable`).waitFor();
    const heapBytes = await heapOf(session);
    highest = Math.max(highest, heapBytes);
    print(`${(step * STEP_MS) / MINUTE_MS} min: ${megabytes(heapBytes)}`);
  }
  await session.send('HeapProfiler.collectGarbage');
  const nodes = await page.evaluate<number>('document.querySelectorAll("*").length');
  print(`${STEPS} steps, the page is live; ${nodes} elements`);
  print(`heap: highest ${megabytes(highest)}, without garbage ${megabytes(await heapOf(session))}`);
  if (highest <= LIMIT_BYTES) return;
  print(`wanted: at most ${megabytes(LIMIT_BYTES)}`);
  process.exitCode = 1;
}

async function heapOf(session: CDPSession): Promise<number> {
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}

/** Whole megabytes at every look at the page: it must show just this. */
function rssOf(step: number): number {
  return 180e6 + Math.floor(step / 10) * 1e6;
}

function eventsOf(step: number): EvidenceEvent[] {
  const calls = Array.from({ length: CALLS_PER_STEP }, (_, i): CallEvent => {
    return {
      type: 'call',
      atMs: nowMs,
      track: i === 0 ? 'canary' : 'stable',
      session: `session-${Math.floor(step / 100)}-${i}`,
      tool: `tool-${i % 3}`,
      outcome: (step + i) % 100 === 0 ? 'tool_error' : 'ok',
      latencyMs: 80 + ((step * 31 + i * 17) % 90),
    };
  });
  const sample = { type: 'process', atMs: nowMs, restarts: 0, uptimeMs: step * STEP_MS } as const;
  const carried = { sessionsOpened: step, calls: step * CALLS_PER_STEP };
  const stable: ProcessEvent = { ...sample, ...carried, track: 'stable', rssBytes: 182e6 };
  const canary: ProcessEvent = { ...sample, ...carried, track: 'canary', rssBytes: rssOf(step) };
  return [...calls, stable, canary];
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`waited 20 s for ${what}`);
    await delay(2);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
