/**
 * Pictures of the dashboard, made in a real Chromium (`$CHROMIUM`, by default /usr/bin/chromium)
 * over simulated rollouts: those of the README into docs/images, or with a folder as argument all
 * views in both themes and at two widths into it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { systemClock } from '../common/clock.js';
import { packageRoot } from '../common/package.js';
import { launchChromium } from './chromium.js';
import { serveDashboard } from './exhibit-dashboard.js';
import { openExhibit } from './exhibit.js';
import { exhibitStories } from './stories.js';

const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const VIEWS = [
  ['overview', '#/'],
  ['rollout', '#/rollouts/mcp-scraper-8'],
  ['rolled-back', '#/rollouts/mcp-search-3'],
  ['history', '#/history'],
] as const;

interface Picture {
  readonly file: string;
  readonly hash: string;
  readonly theme: Theme;
  readonly width: number;
  /** Null: as high as the page is. */
  readonly height: number | null;
}

const folder = process.argv[2];
const pictures = folder === undefined ? readmePictures() : allPictures(folder);
const exhibit = openExhibit(exhibitStories(Date.now()));
const served = await serveDashboard(exhibit, systemClock);
const browser = await launchChromium();
try {
  for (const picture of pictures) await take(browser, picture);
} finally {
  await browser.close();
  await served.close();
  exhibit.dispose();
}

function readmePictures(): Picture[] {
  const images = join(packageRoot(), 'docs', 'images');
  mkdirSync(images, { recursive: true });
  return THEMES.map((theme) => {
    const file = join(images, `dashboard-${theme}.png`);
    return { file, hash: '#/rollouts/mcp-scraper-8', theme, width: 1_280, height: 1_120 };
  });
}

function allPictures(into: string): Picture[] {
  mkdirSync(into, { recursive: true });
  return VIEWS.flatMap(([name, hash]) =>
    THEMES.flatMap((theme) =>
      [1_280, 390].map((width) => {
        const file = join(into, `${name}-${theme}-${width}.png`);
        return { file, hash, theme, width, height: null };
      }),
    ),
  );
}

async function take(from: Browser, { file, hash, theme, width, height }: Picture): Promise<void> {
  const page = await from.newPage({
    viewport: { width, height: height ?? 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  await page.goto(`${served.url}/${hash}`);
  await page.locator('.connection[data-up=true]').waitFor();
  const awaited = hash.includes('rollouts/') ? '.plot canvas' : '.service, .history table';
  await page.locator(awaited).first().waitFor();
  await page.screenshot({ path: file, fullPage: height === null });
  await page.close();
  process.stdout.write(`${file}\n`);
}
