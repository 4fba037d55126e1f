/** What both processes tell Prometheus of themselves. */
import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { readGauge, type Sample } from './metrics.js';
import type { Build } from './protocol.js';

/** How finely the event loop's lag is measured: each look wakes the process. */
const LOOP_LAG_PRECISION_MS = 20;

export interface ProcessFacts {
  readonly build: Build;
  /** The process' database. */
  readonly storeFile: string;
}

/** prom-client's own metrics (CPU, memory, event loop, garbage collection), the build and the database's file. */
export function addProcessMetrics(registry: Registry, { build, storeFile }: ProcessFacts): void {
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: LOOP_LAG_PRECISION_MS,
  });
  const { version, configDigest } = build;
  readGauge(
    registry,
    {
      name: 'canary_build_info',
      help: 'Always 1: the version of the program, and the digest of the canary.yaml that it was started with.',
      labelNames: ['version', 'config'],
    },
    () => [[{ version, config: configDigest }, 1]],
  );
  readGauge(
    registry,
    {
      name: 'canary_store_size_bytes',
      help: "Size of the process' database, with what is not yet merged into it.",
      labelNames: [],
    },
    () => sizeBytes(storeFile),
  );
  readGauge(
    registry,
    {
      name: 'canary_store_free_bytes',
      help: "Space that is left to the process' user where its database is.",
      labelNames: [],
    },
    () => freeBytes(dirname(storeFile)),
  );
}

/** With the write-ahead log. */
function sizeBytes(file: string): Sample[] {
  return measured(() => {
    const [main, log] = [file, `${file}-wal`].map((each) =>
      statSync(each, { throwIfNoEntry: false }),
    );
    return (main?.size ?? 0) + (log?.size ?? 0);
  });
}

function freeBytes(folder: string): Sample[] {
  return measured(() => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  });
}

/** Nothing when the folder is gone, or cannot be looked into. */
function measured(measure: () => number): Sample[] {
  try {
    return [[{}, measure()]];
  } catch {
    return [];
  }
}
