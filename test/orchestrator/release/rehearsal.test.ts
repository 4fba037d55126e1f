import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import { loadConfigText } from '../../../config/load.js';
import type { ReleaseWishes } from '../../../config/release.js';
import type { ServiceConfig } from '../../../config/types.js';
import { planRehearsal, type Rehearsal } from '../../../orchestrator/release/rehearsal.js';
import { LocalProcesses } from '../../library/local-processes.js';
import { isRunning } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

let dir: string;
let processes: LocalProcesses;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  processes = new LocalProcesses(dir);
  const interpreterArgs = ['-c', 'exec sleep 607'];
  const program = { interpreter: '/bin/sh', interpreterArgs, script: '/bin/ls', args: [] };
  processes.start('web', { ...program, cwd: dir, env: {} });
  writeFileSync(join(dir, 'packages'), 'web==1.0\nmcp==1.0\n');
});

afterEach(async () => {
  await processes.stopAll();
  rmSync(dir, { recursive: true, force: true });
});

/** The service `web`, whose releases this command makes. */
function service(command: string, pins = 'warn'): ServiceConfig {
  const loaded = loadConfigText(
    'canary.yaml',
    `services:
  web:
    listen: 8080
    stable: 8081
    canary: 8082
    release:
      dir: ${join(dir, 'releases')}
      set: [mcp]
      prepare: [${JSON.stringify(command)}]
      cwd: .
      dependencies: { run: cat packages }
      pins: { allow: [web], otherwise: ${pins} }
`,
    {},
  );
  return loaded.ok ? loaded.config.services['web']! : expect.fail(JSON.stringify(loaded.problems));
}

const WISHES: ReleaseWishes = { version: '2.0', set: { mcp: '1.1' } };
const INSTALL = String.raw`printf "web==$VERSION\nmcp=={{mcp}}\nanyio==4.0\n" > packages`;

async function plan(config: ServiceConfig, wishes = WISHES): Promise<Rehearsal> {
  const parts = { pm2: processes, clock: systemClock, env: process.env, random: () => 'x' };
  const planned = await planRehearsal(parts, config, wishes);
  return planned.ok ? planned.rehearsal : expect.fail(planned.reasons.join('\n'));
}

it('makes the release, compares its packages with those of main, and removes it', async () => {
  const rehearsal = await plan(service(INSTALL));
  expect(rehearsal.release.dir).toBe(join(dir, 'releases', '2.0-web-rehearsal-x'));
  expect(await rehearsal.run()).toBeNull();
  expect(rehearsal.record).toMatchObject({
    failure: null,
    commands: [{ state: 'done' }],
    dependencies: {
      changes: [
        { name: 'anyio', from: null, to: '4.0' },
        { name: 'mcp', from: '1.0', to: '1.1' },
        { name: 'web', from: '1.0', to: '2.0' },
      ],
      unasked: [{ name: 'anyio' }],
    },
  });
  expect(readdirSync(join(dir, 'releases'))).toEqual([]);
});

it('tells what the pins would refuse', async () => {
  const rehearsal = await plan(service(INSTALL, 'refuse'));
  await rehearsal.run();
  expect(rehearsal.record.failure).toBe(
    'pins refuse packages that changed without being asked for: new: anyio 4.0',
  );
});

it('tells why a command failed, and leaves nothing of what it made', async () => {
  const rehearsal = await plan(service('mkdir half && echo no network >&2 && exit 3'));
  expect(await rehearsal.run()).toBeNull();
  expect(rehearsal.record.failure).toContain('it ended with exit code 3: no network');
  expect(existsSync(rehearsal.release.dir)).toBe(false);
});

it('that is stopped ends what it has started, and removes the folder', async () => {
  const pids = join(dir, 'pid');
  const rehearsal = await plan(service(`echo $$ > ${pids}; exec sleep 608`));
  const over = rehearsal.run();
  const pid = await waitFor(() => Number(readFileSync(pids, 'utf8')), {
    what: 'the command to start',
  });
  await rehearsal.stop();
  expect(await over).toBeNull();
  expect(isRunning(pid)).toBe(false);
  expect(rehearsal.record.failure).toContain('it was stopped');
  expect(existsSync(rehearsal.release.dir)).toBe(false);
});

it('is refused without main', async () => {
  const config = { ...service(INSTALL), app: 'nobody' };
  const parts = { pm2: processes, clock: systemClock, env: {}, random: () => 'x' };
  expect(await planRehearsal(parts, config, WISHES)).toEqual({
    ok: false,
    code: 'refused',
    reasons: ['there is no app nobody [no-app]'],
  });
});
