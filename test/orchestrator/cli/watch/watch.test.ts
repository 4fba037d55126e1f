/** The command itself on a pseudo-terminal, with an orchestrator that comes and goes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { homeFrom } from '../../../../common/home.js';
import { packageRoot } from '../../../../common/package.js';
import { refusal, serveUnix } from '../../../../common/unix-http.js';
import type { StatusReply } from '../../../../orchestrator/control/messages.js';
import { Pty } from '../../../support/pty.js';
import { waitFor } from '../../../support/wait.js';
import { rolloutView, serviceView, statusReply } from '../views.js';

const CLI = [process.execPath, join(packageRoot(), 'dist/orchestrator/cli/main.js')];
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

let dir: string;
let env: NodeJS.ProcessEnv;
let server: Server;
let status: StatusReply;
const ptys: Pty[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'canary-watch-'));
  env = { ...process.env, CANARY_HOME: dir, TERM: 'xterm', NO_COLOR: '1' };
  status = statusReply(serviceView(rolloutView({ phaseEndsAtMs: Date.now() + 600_000 })));
  await serve();
});
afterEach(async () => {
  for (const each of ptys.splice(0)) each.kill();
  await close();
  rmSync(dir, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  const answer = (path: string) =>
    path === '/v1/status'
      ? { status: 200, body: status }
      : path.endsWith('/mcp-scraper')
        ? { status: 200, body: status.services[0] }
        : refusal(400, 'usage', 'there is no service nobody');
  const { controlSocket } = homeFrom({ CANARY_HOME: dir });
  server = await serveUnix(controlSocket, ({ path }) => answer(path), null);
}

function close(): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

function open(...args: readonly string[]): Pty {
  const pty = new Pty([...CLI, 'status', ...args], env, [30, 80]);
  ptys.push(pty);
  return pty;
}

test('a screen is drawn, follows what happens, and is left as it was found', async () => {
  const pty = open('--watch', 'mcp-scraper');
  await pty.has('mcp-scraper-8  observing');
  expect(pty.text).toContain(ENTER);

  await close();
  await pty.sees('has not answered for');
  await serve();
  await pty.sees('mcp-scraper  PM2 app');

  pty.size(8, 60);
  await pty.sees('more lines: make the window taller');
  pty.size(40, 120);
  await pty.sees('why: the canary is ready');

  pty.signal('SIGTSTP');
  await pty.sees(LEAVE);
  pty.signal('SIGCONT');
  await pty.sees('why: the canary is ready');
  expect(pty.text).toContain(LEAVE + ENTER);

  pty.ctrlC();
  expect(await pty.exited).toBe(0);
  const after = pty.text.split(LEAVE).at(-1);
  expect(after).toMatch(/^[\d: -]+mcp-scraper-8: observing, step 1 of 1, .* left[^\n]*\r\n$/);
});

test('a terminal without a cursor to move gets a line a change', async () => {
  env['TERM'] = 'dumb';
  const pty = open('--watch');
  await pty.has('mcp-scraper-8: observing');
  status = statusReply(serviceView(null));
  await pty.has('mcp-scraper: no rollout');
  expect(pty.text).not.toContain('\u001b');
});

test('a pipe gets a line a change, and who closes it ends the watch', async () => {
  const child = spawn(CLI[0]!, [CLI[1]!, 'status', '--watch', '--json'], { env });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await waitFor(() => text.includes('\n'), { what: 'a line', timeoutMs: 20_000 });
  expect(JSON.parse(text)).toMatchObject({ away: null, services: [{ service: 'mcp-scraper' }] });
  child.stdout.destroy();
  status = statusReply(serviceView(null));
  expect(await exited).toBe(0);
});

test('a service that there is not is told before any screen', async () => {
  const pty = open('--watch', 'nobody');
  expect(await pty.exited).toBe(2);
  expect(pty.text).toBe('there is no service nobody\r\n');
});
