import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOTIFY_EVENTS, type NotifyTarget } from '../../../config/notify.js';
import type { Delivery } from '../../../orchestrator/notify/delivery.js';
import { sampleNotification } from '../../../orchestrator/notify/notification.js';
import { sender } from '../../../orchestrator/notify/send.js';
import { freePort } from '../../support/ports.js';
import { isRunning } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';
import { answers, hangs, resets, startReceiver, type Receiver } from './receiver.js';

const SECRET = 'a-secret-of-24-characters';
const sample = sampleNotification({ id: 'id-1', host: 'web-1' }, 0);
const never = new AbortController().signal;

let receiver: Receiver;
let dir: string;

beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'send-'));
  receiver.received.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function send(
  target: NotifyTarget,
  more: { env?: NodeJS.ProcessEnv; timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Delivery> {
  const { env = { URL: receiver.url, SECRET }, timeoutMs = 5_000, signal = never } = more;
  const to = { name: 'a', target, events: NOTIFY_EVENTS, services: null, timeoutMs };
  const path = process.env['PATH'];
  const parts = { env: { PATH: path, ...env }, folder: dir, now: () => Date.now() };
  return sender(parts)(to, sample, signal);
}

const webhook = (): NotifyTarget => ({
  kind: 'webhook',
  url: { kind: 'plain', url: receiver.url },
  secret: { kind: 'env', name: 'SECRET' },
});
const slack: NotifyTarget = { kind: 'slack', url: { kind: 'env', name: 'URL' } };

/** What the receiver in the documentation says to requests, the same twice in the end. */
function genuineInPython(secret: Buffer, requests: readonly [object, string][]): boolean[] {
  const docs = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');
  const code = /```python\n([^`]*)```/.exec(docs)![1]!;
  const program = `${code}
import json, sys
for secret, headers, body in json.load(sys.stdin):
    print(is_genuine(base64.b64decode(secret), headers, body.encode()))
`;
  const input = JSON.stringify(requests.map((each) => [secret.toString('base64'), ...each]));
  const out = execFileSync('python3', ['-c', program], { input, encoding: 'utf8' });
  return out
    .trim()
    .split('\n')
    .map((line) => line === 'True');
}

describe('a webhook', () => {
  it('is signed so that the documented receiver takes it once, and nothing forged or old', async () => {
    expect(await send(webhook())).toEqual({ kind: 'delivered' });
    const [{ headers, body }] = receiver.received as [Receiver['received'][0]];
    expect(JSON.parse(body)).toEqual(sample);
    expect(headers).toMatchObject({ 'webhook-id': 'id-1', 'content-type': 'application/json' });
    const late = String(Number(headers['webhook-timestamp']) - 301);
    expect(
      genuineInPython(Buffer.from(SECRET), [
        [{ ...headers, 'webhook-timestamp': late }, body],
        [{ ...headers, 'webhook-id': 'id-2' }, body],
        [headers, body.replace('web-1', 'web-2')],
        [headers, body],
        [headers, body],
      ]),
    ).toEqual([false, false, false, true, false]);
    expect(genuineInPython(Buffer.from('another'), [[headers, body]])).toEqual([false]);
  });

  it('takes a secret of Standard Webhooks, and all secrets from files', async () => {
    const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f1011121314151617', 'hex');
    writeFileSync(join(dir, 'secret'), `whsec_${bytes.toString('base64')}\n`);
    writeFileSync(join(dir, 'url'), `${receiver.url}\n`);
    const file = (name: string) => ({ kind: 'file', path: join(dir, name) }) as const;
    const target = { kind: 'webhook', url: file('url'), secret: file('secret') } as const;
    expect(await send(target)).toEqual({ kind: 'delivered' });
    const [{ headers, body }] = receiver.received as [Receiver['received'][0]];
    expect(genuineInPython(bytes, [[headers, body]])).toEqual([true]);
  });

  it.each<[string, Parameters<typeof answers>, number | null]>([
    ['500', [500], null],
    ['503', [503, { 'retry-after': '7' }], 7_000],
    ['429', [429, { 'retry-after': '999999' }], 900_000],
    ['408', [408, { 'retry-after': 'soon' }], null],
  ])('that is answered %s may be sent again', async (status, [code, headers], afterMs) => {
    receiver.script.push(answers(code, headers));
    const reason = `${receiver.host} answered ${status}`;
    expect(await send(webhook())).toEqual({ kind: 'failed', reason, afterMs });
  });

  it('that is answered with a date waits until then', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    receiver.script.push(answers(429, { 'retry-after': date }));
    const delivery = await send(webhook());
    const afterMs = delivery.kind === 'failed' ? delivery.afterMs! : 0;
    expect(afterMs).toBeGreaterThan(30_000);
    expect(afterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([400, 401, 404, 410, 301, 307])('that is answered %s is refused', async (status) => {
    receiver.script.push(answers(status, { location: receiver.url }));
    const reason = `${receiver.host} answered ${status}`;
    expect(await send(webhook())).toEqual({ kind: 'refused', reason });
    expect(receiver.received).toHaveLength(1);
  });

  it('that hangs, is reset or finds nobody has failed, and only the host is told', async () => {
    receiver.script.push(hangs, resets);
    const late = await send(webhook(), { timeoutMs: 100 });
    expect(late).toMatchObject({ reason: `${receiver.host}: no answer in time` });
    const reset = await send(webhook());
    expect(reset).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/: no answer \(/),
    });
    const port = await freePort();
    const env = { URL: `http://127.0.0.1:${port}/pathsecret`, SECRET };
    const nobody = await send(slack, { env });
    expect(nobody).toMatchObject({ reason: `127.0.0.1:${port}: no answer (ECONNREFUSED)` });
    expect(JSON.stringify([late, reset, nobody])).not.toMatch(/pathsecret|a-secret/);
  });

  it('ends with the program', async () => {
    receiver.script.push(hangs);
    const stop = new AbortController();
    const sent = send(webhook(), { signal: stop.signal });
    await waitFor(() => receiver.received.length === 1, { what: 'the request' });
    stop.abort();
    expect(await sent).toMatchObject({ kind: 'failed' });
  });
});

describe('a secret', () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['is missing', { URL: 'http://h/' }, '$SECRET is not set'],
    ['is empty', { SECRET: ' \n' }, '$SECRET is empty'],
    ['is endless', { SECRET: 's'.repeat(9_000) }, '$SECRET has more than 8192 characters'],
  ])('that %s is said to', async (_, env, reason) => {
    expect(await send(webhook(), { env })).toEqual({ kind: 'failed', reason, afterMs: null });
    expect(receiver.received).toEqual([]);
  });

  it('that is no file is said to, before anything is sent', async () => {
    const url = { kind: 'file', path: join(dir, 'none') } as const;
    const reason = `${url.path} cannot be read (ENOENT)`;
    expect(await send({ kind: 'slack', url })).toMatchObject({ reason });
  });

  it('that is no address is not shown', async () => {
    for (const url of ['pathsecret', 'ftp://pathsecret/', 'http://', 'http://[pathsecret']) {
      const delivery = await send(slack, { env: { URL: url } });
      expect(delivery).toMatchObject({ kind: 'failed' });
      expect(JSON.stringify(delivery)).not.toContain('pathsecret');
    }
  });
});

it('Slack gets text in which nothing is markup', async () => {
  const to = { name: 'a', target: slack, events: NOTIFY_EVENTS, services: null, timeoutMs: 5_000 };
  const env = { URL: receiver.url };
  const text = 'a <!channel> & more';
  await sender({ env, folder: dir, now: () => 0 })(to, { ...sample, text }, never);
  expect(JSON.parse(receiver.received[0]!.body)).toEqual({
    text: 'a &lt;!channel&gt; &amp; more',
  });
});

describe('a command', () => {
  const line = (text: string): NotifyTarget => ({ kind: 'command', argv: ['/bin/sh', '-c', text] });
  const written = (name: string): string => readFileSync(join(dir, name), 'utf8');

  it('reads the event and has it in its environment', async () => {
    const told =
      'cat > in; echo "$CANARY_EVENT $CANARY_EVENT_ID $CANARY_SERVICE $CANARY_ROLLOUT" > env';
    expect(await send(line(told))).toEqual({ kind: 'delivered' });
    expect(JSON.parse(written('in'))).toEqual(sample);
    expect(written('env')).toBe('test id-1 sample sample-1\n');
  });

  it('may be a list of arguments, read nothing, and write without an end', async () => {
    expect(await send({ kind: 'command', argv: ['true'] })).toEqual({ kind: 'delivered' });
    expect(await send(line('yes | head -c 9000000'))).toEqual({ kind: 'delivered' });
  });

  it('that fails may be run again', async () => {
    const reasons = async (target: NotifyTarget) => (await send(target)) as { reason: string };
    expect(await reasons(line('exit 3'))).toMatchObject({
      kind: 'failed',
      reason: 'its command ended with code 3',
    });
    expect((await reasons(line('kill -9 $$'))).reason).toBe('its command was ended by SIGKILL');
    expect((await reasons({ kind: 'command', argv: ['./none'] })).reason).toContain('ENOENT');
  });

  it('that takes too long is ended with all that it started', async () => {
    const sent = send(line('sleep 600 & echo $! > pid; wait'), { timeoutMs: 3_000 });
    const pid = await waitFor(() => Number(written('pid')), { what: 'its process' });
    expect(await sent).toMatchObject({ reason: 'its command did not end in time' });
    await waitFor(() => !isRunning(pid), { what: 'its process to end' });
  });
});
