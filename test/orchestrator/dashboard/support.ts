/** The dashboard over the exhibit, on a real listener. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import pino from 'pino';
import { systemClock } from '../../../common/clock.js';
import { openExhibit, type Exhibit, type Story } from '../../../demo/exhibit.js';
import { Dashboard } from '../../../orchestrator/dashboard/dashboard.js';
import { freePort } from '../../support/ports.js';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export interface Served {
  readonly exhibit: Exhibit;
  readonly port: number;
  readonly url: string;
  readonly token: string;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

export async function serveExhibit(stories: readonly Story[]): Promise<Served> {
  const exhibit = openExhibit(stories);
  const token = randomBytes(32).toString('base64url');
  const dashboard = new Dashboard({
    desk: exhibit.desk,
    store: exhibit.store,
    token,
    host: '127.0.0.1',
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
  const server = createServer((req, res) => void dashboard.answer(req, res));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    exhibit,
    port,
    url: `http://127.0.0.1:${port}`,
    token,
    cut: () => server.closeAllConnections(),
    close: async () => {
      dashboard.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      exhibit.dispose();
    },
  };
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
