import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ioOf, type HostProcess } from '../../../../orchestrator/cli/terminal/streams.js';

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s ends a command that wants to clean up', (signal) => {
  const host = Object.assign(new EventEmitter(), {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd: () => '/',
  });
  let stops = 0;
  const forget = ioOf(host as unknown as HostProcess).onEnd!(() => (stops += 1));
  host.emit(signal);
  expect(stops).toBe(1);
  forget();
  expect(host.listenerCount(signal)).toBe(0);
});
