/** The sections `orchestrator` and `proxy` of canary.yaml: what is not a service's but a process's own. */
import { z } from 'zod';
import { FILE_DEFAULTS } from './defaults.js';
import { address, duration, section, size } from './shapes.js';
import type { HostPort } from './types.js';
import { parseAddress, parseDuration, parseSize, type Parsed } from './units.js';

const DAY_MS = 86_400_000;
const AGE = { minMs: 3_600_000, maxMs: 3_650 * DAY_MS };
const DRAIN = { minMs: 100, maxMs: 600_000 };

/** How long and how much the orchestrator remembers of rollouts that have ended. */
export interface Retention {
  readonly maxAgeMs: number;
  /** Of the database file. */
  readonly maxSizeBytes: number;
}

export interface OrchestratorConfig {
  /** Loopback HTTP of the orchestrator: metrics, dashboard. */
  readonly listen: HostPort;
  readonly retention: Retention;
}

export interface ProxyConfig {
  /** Loopback HTTP of the proxy: metrics. */
  readonly metrics: HostPort;
  /** How long calls under way may finish when the proxy ends. */
  readonly drainMs: number;
}

export const orchestratorSection = section({
  listen: address.optional().describe('Loopback HTTP of the orchestrator: dashboard and metrics.'),
  retention: section({
    maxAge: duration(AGE)
      .optional()
      .describe('Rollouts that ended longer ago are forgotten, with their evidence.'),
    maxSize: size
      .optional()
      .describe(
        'Above it, the evidence of the oldest rollouts that have ended is forgotten, then they themselves.',
      ),
  })
    .optional()
    .describe('How long and how much is remembered of rollouts that have ended.'),
})
  .optional()
  .describe('The control plane.');

export const proxySection = section({
  metrics: address.optional().describe('Loopback HTTP of the proxy: metrics.'),
  drain: duration(DRAIN)
    .optional()
    .describe(
      'How long calls under way may finish when the proxy is told to end; at most what kill_timeout of its PM2 app leaves.',
    ),
})
  .optional()
  .describe('The data plane.');

export function resolveOrchestrator(
  written: z.output<typeof orchestratorSection>,
): OrchestratorConfig {
  const { listen, retention } = FILE_DEFAULTS.orchestrator;
  return {
    listen: written?.listen ?? known(parseAddress(listen)),
    retention: {
      maxAgeMs: written?.retention?.maxAge ?? known(parseDuration(retention.maxAge, AGE)),
      maxSizeBytes: written?.retention?.maxSize ?? known(parseSize(retention.maxSize)),
    },
  };
}

export function resolveProxy(written: z.output<typeof proxySection>): ProxyConfig {
  const { metrics, drain } = FILE_DEFAULTS.proxy;
  return {
    metrics: written?.metrics ?? known(parseAddress(metrics)),
    drainMs: written?.drain ?? known(parseDuration(drain, DRAIN)),
  };
}

/** A default as it was meant. */
function known<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(`a default is not ${parsed.wanted}`);
  return parsed.value;
}
