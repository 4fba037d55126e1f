import { expect, test } from 'vitest';
import { changeLines } from '../../../../orchestrator/cli/watch/changes.js';
import type { WatchDocument } from '../../../../orchestrator/cli/watch/document.js';
import type { RolloutView } from '../../../../orchestrator/control/messages.js';
import { CHECKS, NOW_MS, rolloutView, serviceView, statusReply } from '../views.js';

const AT = '2026-01-15 14:20:00';

function docOf(rollout: RolloutView | null, own: Partial<WatchDocument> = {}): WatchDocument {
  const status = statusReply(serviceView(rollout));
  return { nowMs: NOW_MS, status, away: null, only: null, ...own };
}

test('the first look tells where it stands', () => {
  expect(changeLines(null, docOf(rolloutView()))).toEqual([
    `${AT}  mcp-scraper-8: observing, step 1 of 1, 30m left: the canary is ready`,
  ]);
});

test('what goes on as before is not told again, whatever its numbers', () => {
  const { tracks } = rolloutView();
  const more = { ...tracks!, canary: { ...tracks!.canary, calls: 99_999 } };
  expect(changeLines(docOf(rolloutView()), docOf(rolloutView({ tracks: more })))).toEqual([]);
});

test('a move and a check that changes are a line each', () => {
  const before = rolloutView();
  const failed = { ...CHECKS[1]!, state: 'fail' as const, reason: 'too many\u001b[31m' };
  const now = rolloutView({
    phase: 'rolling-back',
    transitions: [
      ...before.transitions,
      { ...before.transitions[0]!, seq: 2, atMs: NOW_MS, to: 'rolling-back', reason: 'errors: r' },
    ],
    assessment: { ...before.assessment!, checks: [failed] },
  });
  expect(changeLines(docOf(before), docOf(now))).toEqual([
    `${AT}  rolling-back: errors: r [mcp-scraper-8]`,
    `${AT}  errors: inconclusive -> fail: too many\\x1b[31m [mcp-scraper-8]`,
  ]);
});

test('an orchestrator that goes and comes back is told of once each', () => {
  const here = docOf(rolloutView());
  const away = docOf(rolloutView(), { away: { sinceMs: NOW_MS, reason: 'ENOENT' } });
  expect(changeLines(here, away)).toEqual([`${AT}  canary-orchestrator does not answer: ENOENT`]);
  expect(changeLines(away, away)).toEqual([]);
  expect(changeLines(away, here)).toEqual([`${AT}  canary-orchestrator answers again`]);
});

test('a proxy that goes and comes back is told of once each', () => {
  const here = docOf(rolloutView());
  const status = { ...here.status!, proxy: { up: false, reason: 'gone' } };
  const away = { ...here, status };
  expect(changeLines(here, away)).toEqual([`${AT}  canary-proxy does not answer: gone`]);
  expect(changeLines(away, away)).toEqual([]);
  expect(changeLines(away, here)).toEqual([`${AT}  PM2 and canary-proxy answer again`]);
});
