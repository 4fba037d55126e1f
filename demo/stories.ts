/** The rollouts of the exhibit: one under way, one that failed, some that went well. */
import { MINUTE_MS, type Story } from './exhibit.js';

const HOUR_MS = 60 * MINUTE_MS;

/** A good release that was watched for its whole window. */
const GOOD = { seenMs: 2 * HOUR_MS, errorRate: 0.01, bytesPerHour: 0, ends: 'by-verdict' } as const;

/** As they would stand at that time. */
export function exhibitStories(nowMs: number): Story[] {
  const seenMs = 83 * MINUTE_MS;
  return [
    { ...GOOD, service: 'mcp-files', number: 4, startedAtMs: nowMs - 26 * HOUR_MS },
    { ...GOOD, service: 'mcp-scraper', number: 7, startedAtMs: nowMs - 8 * HOUR_MS },
    {
      ...GOOD,
      service: 'mcp-search',
      number: 3,
      startedAtMs: nowMs - 3 * HOUR_MS,
      errorRate: 0.08,
    },
    {
      service: 'mcp-scraper',
      number: 8,
      startedAtMs: nowMs - seenMs,
      seenMs,
      errorRate: 0.01,
      bytesPerHour: 6e6,
      ends: 'not-yet',
    },
  ];
}
