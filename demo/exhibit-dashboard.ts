/** The dashboard over the exhibit, on a real listener. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import pino from 'pino';
import type { Clock } from '../common/clock.js';
import { Dashboard } from '../orchestrator/dashboard/dashboard.js';
import type { Exhibit } from './exhibit.js';
import { freePort } from './free-port.js';

export interface ServedDashboard {
  readonly port: number;
  readonly url: string;
  readonly token: string;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

export async function serveDashboard(
  { desk, store }: Exhibit,
  clock: Clock,
): Promise<ServedDashboard> {
  const host = '127.0.0.1';
  const token = randomBytes(32).toString('base64url');
  const log = pino({ level: 'silent' });
  const dashboard = new Dashboard({ desk, store, token, host, clock, log });
  const server = createServer((req, res) => void dashboard.answer(req, res));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    port,
    url: `http://${host}:${port}`,
    token,
    cut: () => server.closeAllConnections(),
    close: async () => {
      dashboard.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
