import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureCommand } from '../../../orchestrator/checks/command.js';
import { isRunning } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'command-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function measure(line: string, signal = new AbortController().signal) {
  return measureCommand(line, { cwd: dir, env: { PATH: process.env['PATH'], A: 'b' }, signal });
}

const pidIn = (file: string): number => Number(readFileSync(join(dir, file), 'utf8'));

describe('a command', () => {
  it('is good with exit code 0, and bad with others', async () => {
    expect(await measure('true')).toEqual({ ok: true, value: 0, error: null });
    expect(await measure('exit 3')).toEqual({ ok: false, value: 3, error: null });
  });

  it('runs in its folder with its environment, and its output goes nowhere', async () => {
    expect(await measure('test "$A" = b && pwd > where && yes | head -c 9000000')).toMatchObject({
      ok: true,
    });
    expect(readFileSync(join(dir, 'where'), 'utf8')).toBe(`${dir}\n`);
  });

  it('that cannot be run was not measured', async () => {
    const missing = await measure('./no-such-command');
    expect(missing).toEqual({
      ok: null,
      value: null,
      error: 'the shell could not run it (exit code 127)',
    });
    expect(await measure('kill -9 $$')).toMatchObject({
      ok: null,
      error: 'it was ended by SIGKILL',
    });
    const elsewhere = { cwd: join(dir, 'no'), env: {}, signal: new AbortController().signal };
    expect(await measureCommand('true', elsewhere)).toMatchObject({
      ok: null,
      error: 'it could not be started (ENOENT)',
    });
  });

  it('that takes too long is ended with all that it started', async () => {
    const late = new AbortController();
    const measured = measure('sleep 600 & echo $! > pid; wait', late.signal);
    const pid = await waitFor(() => pidIn('pid'), { what: 'the command to start a process' });
    late.abort();
    expect(await measured).toEqual({ ok: null, value: null, error: 'no end in time' });
    await waitFor(() => !isRunning(pid), { what: 'its process to end' });
  });

  it('leaves nothing running in its background', async () => {
    expect(await measure('sleep 600 & echo $! > pid')).toMatchObject({ ok: true });
    await waitFor(() => !isRunning(pidIn('pid')), { what: 'its process to end' });
  });
});
