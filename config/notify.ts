/** The list `notify` of `canary.yaml`: who is told of what, and how. What may be written, and what is meant by it. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { NOTIFY_DEFAULTS } from './defaults.js';
import { duration, list, name, oneOf, section, text, unit, uniqueNames } from './shapes.js';
import { refused, type Parsed } from './units.js';

/** What happens to a rollout, as far as somebody may want to be told. */
export const NOTIFY_EVENTS = [
  'started',
  'step',
  'paused',
  'held',
  'resumed',
  'promoted',
  'rolled-back',
] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** Where a secret is read from, each time it is needed; the secret itself never stands in the configuration. */
export type SecretFrom =
  | { readonly kind: 'env'; readonly name: string }
  /** An absolute path. */
  | { readonly kind: 'file'; readonly path: string };

export type NotifyTarget =
  /** A signed POST; an address that is no secret may be given as it is. */
  | {
      readonly kind: 'webhook';
      readonly url: SecretFrom | { readonly kind: 'plain'; readonly url: string };
      readonly secret: SecretFrom;
    }
  /** A Slack-compatible incoming webhook, whose address is its only secret. */
  | { readonly kind: 'slack'; readonly url: SecretFrom }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** One receiver of notifications. */
export interface NotifyConfig {
  readonly name: string;
  readonly target: NotifyTarget;
  readonly events: readonly NotifyEvent[];
  /** Null: all services. */
  readonly services: readonly string[] | null;
  /** Of one attempt. */
  readonly timeoutMs: number;
}

const MAX_TARGETS = 20;
const MAX_ARGUMENTS = 100;
const SECRET_PATTERN = 'env:[A-Za-z_][A-Za-z0-9_]*|file:[^\\0]{1,4000}';
const URL_PATTERN = 'https?://[^\\s@]{1,4000}';

/** `env:NAME` or `file:PATH`; the path is as it was written. */
function parseSecretFrom(value: unknown): Parsed<SecretFrom> {
  if (typeof value !== 'string' || !new RegExp(`^(?:${SECRET_PATTERN})$`).test(value)) {
    return refused('env:NAME or file:PATH, the place of the secret and not itself');
  }
  const rest = value.slice(value.indexOf(':') + 1);
  const kind = value.startsWith('env:') ? 'env' : 'file';
  return { ok: true, value: kind === 'env' ? { kind, name: rest } : { kind, path: rest } };
}

type WebhookUrl = Extract<NotifyTarget, { kind: 'webhook' }>['url'];

function parseWebhookUrl(value: unknown): Parsed<WebhookUrl> {
  const isUrl =
    typeof value === 'string' && new RegExp(`^${URL_PATTERN}$`).test(value) && URL.canParse(value);
  if (isUrl) return { ok: true, value: { kind: 'plain', url: value } };
  const from = parseSecretFrom(value);
  if (from.ok) return from;
  return refused('an address that begins with http:// or https://, env:NAME or file:PATH');
}

const secretFrom = unit(parseSecretFrom, {
  type: 'string',
  pattern: `^(?:${SECRET_PATTERN})$`,
  examples: ['env:WEBHOOK_SECRET', 'file:/etc/canary/webhook-secret'],
});
const webhookUrl = unit(parseWebhookUrl, {
  type: 'string',
  pattern: `^(?:${URL_PATTERN}|${SECRET_PATTERN})$`,
  examples: ['https://ops.example.com/canary', 'env:WEBHOOK_URL'],
});
const argument = text(/^[^\0]{1,4000}$/s, 'a command as text');

const KINDS = ['webhook', 'slack', 'command'] as const;

const shape = section({
  name: name().describe('Shown in logs and by `canary notify test`.'),
  webhook: webhookUrl
    .optional()
    .describe('A POST of signed JSON to this address, or to the one in a variable or a file.'),
  secret: secretFrom.optional().describe('Where the secret is that signs the webhook.'),
  slack: secretFrom
    .optional()
    .describe('Where the address of a Slack-compatible incoming webhook is: it is a secret.'),
  command: z
    .union([argument, list(argument, 1, MAX_ARGUMENTS, 'arguments')])
    .optional()
    .describe(
      "A line for `sh -c`, or a list of arguments, run in this file's folder with the event as JSON on its input.",
    ),
  events: list(oneOf(NOTIFY_EVENTS), 1, NOTIFY_EVENTS.length, 'events')
    .optional()
    .describe('Only these events; all by default.'),
  services: list(name(), 1, 1000, 'services')
    .optional()
    .describe('Only these services; all by default.'),
  timeout: duration({ minMs: 100, maxMs: 20_000 })
    .optional()
    .describe('How long one attempt may take.'),
});
type Written = z.output<typeof shape>;

/** Exactly one kind, a webhook with its secret; the JSON Schema says the same. */
const notifier = shape
  .superRefine((written, context) => {
    const refuse = (message: string, ...path: string[]): void =>
      context.addIssue({ code: 'custom', message, path });
    if (KINDS.filter((kind) => written[kind] !== undefined).length !== 1) {
      refuse('exactly one of webhook, slack and command');
    } else if (written.webhook === undefined && written.secret !== undefined) {
      refuse('secret only beside webhook', 'secret');
    } else if (written.webhook !== undefined && written.secret === undefined) {
      refuse('secret beside webhook');
    }
  })
  .meta({
    oneOf: KINDS.map((kind) => ({
      required: kind === 'webhook' ? [kind, 'secret'] : [kind],
      ...(kind === 'webhook' ? {} : { not: { required: ['secret'] } }),
    })),
  });

/** The whole list. */
export const notifiers = list(notifier, 0, MAX_TARGETS, 'receivers').superRefine(uniqueNames);

const defaultTimeoutMs = shape.shape.timeout.unwrap().parse(NOTIFY_DEFAULTS.timeout);

/** Fills in the defaults; files of secrets are looked for from `folder`. */
export function resolveNotifier(written: Written, folder: string): NotifyConfig {
  const { name, events = NOTIFY_EVENTS, services = null, timeout = defaultTimeoutMs } = written;
  return { name, target: targetOf(written, folder), events, services, timeoutMs: timeout };
}

function targetOf({ webhook, secret, slack, command }: Written, folder: string): NotifyTarget {
  const at = <T extends { kind: string }>(from: T | SecretFrom): T | SecretFrom =>
    'path' in from ? { ...from, path: resolve(folder, from.path) } : from;
  if (webhook !== undefined && secret !== undefined) {
    return { kind: 'webhook', url: at(webhook), secret: at(secret) };
  }
  if (slack !== undefined) return { kind: 'slack', url: at(slack) };
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : (command ?? []);
  return { kind: 'command', argv };
}
