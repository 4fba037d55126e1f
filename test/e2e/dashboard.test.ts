import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/stage.js';
import { CHROMIUM, hasChromium } from '../orchestrator/dashboard/support.js';
import { openTestStage, SERVICE } from './support.js';

describe.runIf(hasChromium)('a person at the dashboard of a real set-up', () => {
  let stage: Stage;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox'],
      timeout: 120_000,
    });
    stage = await openTestStage({ maxWindow: '10m' });
    page = await browser.newPage();
    page.setDefaultTimeout(90_000);
  });
  afterAll(async () => {
    await browser.close();
    await stage.dispose();
  });

  it('sees the service, starts a canary, watches it, and takes it back', async () => {
    const { stdout } = await stage.canary('dashboard', '--json');
    const { url, token } = JSON.parse(stdout) as { url: string; token: string };
    await page.goto(`${url}#token=${token}`);
    await page.getByRole('button', { name: `Start a canary of ${SERVICE}` }).click();
    await page.getByLabel('Window, minutes').fill('5');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('50 % for 5 min').waitFor();
    await page.getByRole('button', { name: 'Start the canary' }).click();
    await page.getByRole('heading', { name: `${SERVICE}-1 Observing` }).waitFor();
    await page.getByText(/canary \d+ MB, stable \d+ MB, limit 400 MB/).waitFor();
    await page.locator('.plot canvas').first().waitFor();
    expect(await page.content()).not.toContain('a-secret-of-main');

    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByLabel('Reason').fill('seen enough');
    await page.locator('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('heading', { name: /Rolled back/ }).waitFor();
    expect((await stage.rollout(SERVICE))?.reason).toContain('seen enough');
    expect(await page.getByRole('button', { name: 'Roll back' }).count()).toBe(0);
  });
});
