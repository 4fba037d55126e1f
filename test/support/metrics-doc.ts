/** docs/metrics.md as data. */
import { readFileSync } from 'node:fs';

export type From = 'orchestrator' | 'proxy' | 'both';

export interface DocumentedMetric {
  readonly from: From;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The rows of the tables below the headings that name a process, by metric. */
export function documentedMetrics(): Map<string, DocumentedMetric> {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const found = new Map<string, DocumentedMetric>();
  for (const section of text.split(/^## /m)) {
    const from = /^From (?:the )?(orchestrator|proxy|both)\b/.exec(section)?.[1] as
      From | undefined;
    if (from === undefined) continue;
    for (const [, name, type, labels, help] of section.matchAll(
      /^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm,
    )) {
      const names = labels!.split(', ').filter((label) => label !== '–');
      found.set(name!, { from, type: type!, labels: names, help: help! });
    }
  }
  return found;
}
