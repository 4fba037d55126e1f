/**
 * The codes of everything for which a rollout is not begun or an order is not taken. They are stable:
 * docs/errors.md tells each one's cause and what to do, and the words may change around them.
 */
export const REFUSAL_CODES = [
  // The request
  'unknown-service',
  'weight-needs-steps',
  'release-values',
  // What is under way
  'under-way',
  'nothing-under-way',
  'order-not-taken',
  // PM2 and main
  'pm2-down',
  'no-app',
  'several-apps',
  'app-not-running',
  'cluster-interpreter',
  'canary-name',
  'stable-port',
  'port-setting',
  'port-taken',
  // The release
  'reserved-variable',
  'null-argument',
  'bad-cwd',
  'bad-script',
  'bad-interpreter',
  'release-folder',
  // canary-proxy
  'proxy-down',
  'proxy-outdated',
  'proxy-not-listening',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A reason as people read it, with its code at the end. */
export function because(code: RefusalCode, reason: string): string {
  return `${reason} [${code}]`;
}

/** What is said while PM2's daemon cannot be asked. */
export function pm2Away(reason: string): string {
  return `PM2 does not answer: ${reason}`;
}

/** What is said while canary-proxy cannot be asked. */
export function proxyAway(reason: string): string {
  return `canary-proxy does not answer: ${reason}`;
}
