/** Sends a notification to a receiver, once, in the way that its kind asks for. */
import type { NotifyConfig, NotifyTarget } from '../../config/notify.js';
import { endOfCommand, type CommandEnd } from '../proc/command.js';
import { delivered, failed, type Delivery } from './delivery.js';
import type { Notification } from './notification.js';
import { post } from './post.js';
import { readSecret, type Secret } from './secret.js';
import { signedHeaders } from './signature.js';

export interface SendParts {
  /** Where secrets are looked up, and what commands inherit. */
  readonly env: NodeJS.ProcessEnv;
  /** Where commands run. */
  readonly folder: string;
  readonly now: () => number;
}

/** An attempt; the signal ends it early. It must not reject. */
export type Send = (
  to: NotifyConfig,
  notification: Notification,
  signal: AbortSignal,
) => Promise<Delivery>;

/** Sends for real. */
export function sender(parts: SendParts): Send {
  return (to, notification, signal) => {
    const late = AbortSignal.any([signal, AbortSignal.timeout(to.timeoutMs)]);
    switch (to.target.kind) {
      case 'webhook':
        return sendWebhook(parts, to.target, notification, late);
      case 'slack':
        return sendSlack(parts, to.target, notification, late);
      case 'command':
        return sendCommand(parts, to.target.argv, notification, late);
    }
  };
}

type Target<K extends NotifyTarget['kind']> = Extract<NotifyTarget, { kind: K }>;

async function sendWebhook(
  { env, now }: SendParts,
  target: Target<'webhook'>,
  notification: Notification,
  signal: AbortSignal,
): Promise<Delivery> {
  const url = await addressOf(target, env);
  const secret = await readSecret(target.secret, env);
  if (!url.ok) return failed(url.reason);
  if (!secret.ok) return failed(secret.reason);
  const nowMs = now();
  const body = JSON.stringify(notification);
  const headers = signedHeaders(secret.value, notification.id, nowMs, body);
  return post(url.value, headers, body, { signal, nowMs });
}

async function sendSlack(
  { env, now }: SendParts,
  target: Target<'slack'>,
  { text }: Notification,
  signal: AbortSignal,
): Promise<Delivery> {
  const url = await addressOf(target, env);
  if (!url.ok) return failed(url.reason);
  return post(url.value, {}, JSON.stringify({ text: escaped(text) }), { signal, nowMs: now() });
}

function addressOf(
  { url }: Target<'webhook'> | Target<'slack'>,
  env: NodeJS.ProcessEnv,
): Promise<Secret> {
  return url.kind === 'plain'
    ? Promise.resolve({ ok: true, value: url.url })
    : readSecret(url, env);
}

/** The three characters that Slack's text gives a meaning. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function sendCommand(
  { env, folder }: SendParts,
  argv: readonly string[],
  notification: Notification,
  signal: AbortSignal,
): Promise<Delivery> {
  const own = {
    CANARY_EVENT: notification.event,
    CANARY_EVENT_ID: notification.id,
    CANARY_SERVICE: notification.service,
    CANARY_ROLLOUT: notification.rollout,
    CANARY_TEXT: notification.text,
  };
  const input = `${JSON.stringify(notification)}\n`;
  const end = await endOfCommand(argv, { cwd: folder, env: { ...env, ...own }, input, signal });
  return end.kind === 'exited' && end.code === 0 ? delivered : failed(`its command ${told(end)}`);
}

function told(end: CommandEnd): string {
  switch (end.kind) {
    case 'exited':
      return `ended with code ${end.code}`;
    case 'killed':
      return `was ended by ${end.by}`;
    case 'not-started':
      return `could not be started (${end.code})`;
    case 'aborted':
      return 'did not end in time';
  }
}
