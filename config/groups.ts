/** `groups` of `canary.yaml`: services that are upgraded as one run. */
import type { z } from 'zod';
import { GROUP_DEFAULTS } from './defaults.js';
import { count, list, name, oneOf, section } from './shapes.js';

const MAX_SERVICES = 100;

/** What is done with the services that have not begun when one was taken back. */
export type OnRollback = 'stop' | 'continue';

export interface GroupConfig {
  readonly name: string;
  /** In this order. */
  readonly services: readonly string[];
  /** So many at a time; 1 is one after the other. */
  readonly parallel: number;
  readonly onRollback: OnRollback;
}

export const group = section({
  services: list(name(), 1, MAX_SERVICES, 'services').describe('In the order of their upgrade.'),
  parallel: count(1, MAX_SERVICES)
    .optional()
    .describe('So many services at a time; 1 is one after the other.'),
  onRollback: oneOf(['stop', 'continue'])
    .optional()
    .describe('After a service was taken back: begin no other one, or go on.'),
});

export type WrittenGroup = z.output<typeof group>;
export type WrittenGroups = Readonly<Record<string, WrittenGroup>>;

export function resolveGroups(written: WrittenGroups = {}): GroupConfig[] {
  return Object.entries(written).map(([name, own]) => resolveGroup(name, own));
}

function resolveGroup(name: string, own: WrittenGroup): GroupConfig {
  const { services, parallel, onRollback } = { ...GROUP_DEFAULTS, ...own };
  return { name, services, parallel, onRollback };
}
