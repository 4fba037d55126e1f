import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ioOf, type HostProcess } from '../../../../orchestrator/cli/terminal/streams.js';

/** A process whose streams are terminals, or none. */
function hostWith(stdin: PassThrough, isTTY: boolean): HostProcess {
  const stream = (): PassThrough => Object.assign(new PassThrough(), { isTTY });
  const streams = { stdin: Object.assign(stdin, { isTTY }), stdout: stream(), stderr: stream() };
  return { ...streams, env: {}, cwd: () => '/' } as unknown as HostProcess;
}

it.each([
  ['y\n', true],
  ['Yes\n', true],
  ['\n', false],
  ['yesterday\n', false],
  ['\u0003', false],
])('a question that is answered with %j', async (answer, consent) => {
  const stdin = new PassThrough();
  const asked = ioOf(hostWith(stdin, true)).confirm!('Sure?');
  stdin.write(answer);
  expect(await asked).toBe(consent);
});

it('a question whose input ends is not consent', async () => {
  const stdin = new PassThrough();
  const asked = ioOf(hostWith(stdin, true)).confirm!('Sure?');
  stdin.end();
  expect(await asked).toBe(false);
});

it('without a terminal nothing can be asked', () => {
  expect(ioOf(hostWith(new PassThrough(), false)).confirm).toBeUndefined();
});
