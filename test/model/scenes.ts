/** The small configurations that are walked through, in a short form and to the full. */
import type { ServiceConfig, Step } from '../../config/types.js';
import { TICK_MS } from './program.js';
import type { Scene } from './rollout-model.js';

const step = (weight: number, gate: Step['gate']): Step => ({ weight, windowMs: TICK_MS, gate });

/** Tests before the first traffic, each of them one step of time long. */
const tested: Partial<ServiceConfig> = {
  contract: { breaking: 'refuse', allow: [] },
  smoke: { suite: '/suite.yaml', timeoutMs: TICK_MS },
};

const baseline = { app: 'scraper-baseline', at: { host: '127.0.0.1', port: 10_004 } };

/**
 * What another hand makes of main at the very end, or takes away, stays so. A main that was deleted
 * and started again from PM2's dump during a rollback has what the dump had.
 */
const byAnotherHand = [
  'promoted: main edited',
  'promoted: no main',
  'rolled-back: main edited',
  'rolled-back: no main',
  'rolled-back: main new',
];

export const FULL: readonly Scene[] = [
  { name: 'one step', config: {}, faults: 2, orders: 1 },
  {
    name: 'a release that is made first, and tested',
    prepares: true,
    config: tested,
    faults: 1,
    orders: 1,
  },
  {
    name: 'two steps, a gate, a deadline for people',
    config: {
      steps: [step(0.1, 'manual'), step(0.5, 'auto')],
      promote: 'manual',
      promoteByMs: TICK_MS,
      onDeadline: 'promote',
    },
    faults: 1,
    orders: 1,
  },
  {
    name: 'a deadline that takes back, a window that is extended',
    config: {
      promote: 'manual',
      promoteByMs: TICK_MS,
      onDeadline: 'rollback',
      onInconclusive: 'extend',
      maxWindowMs: 2 * TICK_MS,
    },
    faults: 1,
    orders: 1,
  },
  {
    name: 'a fresh baseline, promoted without evidence',
    config: { baseline, onInconclusive: 'promote' },
    faults: 1,
    orders: 1,
  },
  {
    name: 'another hand, drift: pause',
    config: {},
    otherHand: true,
    ends: byAnotherHand,
    faults: 1,
    orders: 1,
  },
  {
    name: 'another hand, drift: rollback',
    config: { drift: 'rollback' },
    otherHand: true,
    ends: byAnotherHand,
    faults: 1,
    orders: 1,
  },
  {
    name: 'another hand, drift: ignore',
    config: { drift: 'ignore' },
    otherHand: true,
    ends: byAnotherHand,
    faults: 1,
    orders: 1,
  },
];

export const SHORT: readonly Scene[] = [
  { name: 'one step', config: {}, faults: 1, orders: 0 },
  { name: 'tested, with orders', config: tested, faults: 0, orders: 1 },
];
