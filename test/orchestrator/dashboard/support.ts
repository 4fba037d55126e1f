/** The dashboard over the exhibit, on a real listener. */
import { existsSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { systemClock } from '../../../common/clock.js';
import { openExhibit, type Exhibit, type Story } from '../../../demo/exhibit.js';
import { serveDashboard, type ServedDashboard } from '../../../demo/exhibit-dashboard.js';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export interface Served extends ServedDashboard {
  readonly exhibit: Exhibit;
}

export async function serveExhibit(stories: readonly Story[]): Promise<Served> {
  const exhibit = openExhibit(stories);
  const served = await serveDashboard(exhibit, systemClock);
  const close = async (): Promise<void> => {
    await served.close();
    exhibit.dispose();
  };
  return { ...served, exhibit, close };
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with exactly these headers; fetch would not let a test forge Host and Origin. */
export function call(
  { port }: Served,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text });
      });
    });
    req.once('error', reject);
    req.end(body);
  });
}
