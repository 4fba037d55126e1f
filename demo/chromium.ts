/** A real Chromium: `$CHROMIUM`, by default Debian's. */
import { chromium, type Browser } from 'playwright-core';

export function launchChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] || '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
