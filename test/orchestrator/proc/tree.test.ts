import { afterEach, expect, test } from 'vitest';
import { instanceOf, isAlive, treePids, treeRssBytes } from '../../../orchestrator/proc/tree.js';
import { killAndWait, start, type Started } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

const MB = 1 << 20;
const running: Started[] = [];

function run(command: string, ...args: string[]): Started {
  const started = start(command, args);
  running.push(started);
  return started;
}

afterEach(async () => {
  const pids = running.splice(0).flatMap(({ pid }) => treePids(pid));
  await Promise.all(pids.map(killAndWait));
});

function treeOf(pid: number, size: number): Promise<readonly number[]> {
  return waitFor(() => (treePids(pid).length === size ? treePids(pid) : null), {
    what: `process ${pid} to have ${size} processes`,
  });
}

test('a tree has children, grandchildren, and what other threads than the main one started', async () => {
  const threaded = `
import subprocess, threading, time
threading.Thread(target=lambda: subprocess.Popen(['sleep', '60']).wait()).start()
time.sleep(60)`;
  const { pid } = run('bash', '-c', `python3 -c "${threaded}"; true`);
  const pids = await treeOf(pid, 3);
  expect(pids[0]).toBe(pid);
});

test('the memory of a tree is that of what the wrapper started, too', async () => {
  const blob = `const b = Buffer.alloc(${100 * MB}, 1); setInterval(() => b[0], 1000)`;
  const { pid } = run('bash', '-c', `node -e "${blob}"; true`);
  await treeOf(pid, 2);
  await waitFor(() => treeRssBytes(pid) > 100 * MB, { what: 'the blob to be resident' });
  expect(treeRssBytes(pid)).toBeLessThan(400 * MB);
  expect(treeRssBytes(process.pid)).toBeGreaterThan(process.memoryUsage().rss / 2);
});

test('a process that has ended is not alive, nor is one that took its pid', async () => {
  const started = run('sleep', '60');
  const instance = instanceOf(started.pid)!;
  expect(isAlive(instance)).toBe(true);
  expect(isAlive({ ...instance, startTicks: instance.startTicks - 1 })).toBe(false);
  await started.end();
  expect(isAlive(instance)).toBe(false);
  expect(instanceOf(started.pid)).toBeNull();
  expect(treePids(started.pid)).toEqual([]);
  expect(treeRssBytes(started.pid)).toBe(0);
});

test('a zombie is not alive', async () => {
  // What the shell started is never waited for, once the shell has become something else.
  const { pid } = run('bash', '-c', 'sleep 0.1 & exec sleep 60');
  const [, child] = await treeOf(pid, 2);
  await waitFor(() => instanceOf(child!) === null, { what: 'the child to end' });
  expect(treePids(pid)).toContain(child);
});

test('a name with parentheses and spaces hides nothing', async () => {
  const { pid } = run(
    'bash',
    '-c',
    'exec -a "x" bash -c "echo -n \'a) R 1 (b\' > /proc/self/comm; sleep 60; true"',
  );
  await treeOf(pid, 2);
  expect(instanceOf(pid)?.startTicks).toBeGreaterThan(instanceOf(process.pid)!.startTicks - 1);
});
