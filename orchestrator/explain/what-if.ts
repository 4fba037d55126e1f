/**
 * What would have changed a verdict. Each sentence was tried: the recorded evidence was judged again
 * with the change, and the verdict was another. What cannot be tried is not said, but for how much
 * longer a window had to be, which is told as the estimate that it is.
 */
import type { JudgePolicy } from '../../config/types.js';
import type { ReplayPolicy, ReplayVerdict } from '../judge/replay.js';
import type { CallEvent } from '../judge/types.js';
import { formatDuration, formatRatio } from '../../config/units.js';
import { duration } from '../judge/words.js';
import { canaryCalls, spread, type Change, type Retrial } from './retrial.js';

const MB = 1e6;
const HOUR_MS = 3_600_000;
/** Steps in which settings are tried: as people write them. */
const STEP = { ratio: 0.005, times: 0.5, limitBytes: 10 * MB } as const;

const isNoFailure = ({ verdict }: ReplayVerdict): boolean => verdict !== 'fail';
const isFailure = ({ verdict }: ReplayVerdict): boolean => verdict === 'fail';

/** What would have changed the verdict that the recording comes to. */
export function whatIfs(retrial: Retrial, verdict: ReplayVerdict): readonly string[] {
  const found = finders(retrial, verdict).map((find) => find());
  return found.filter((sentence) => sentence !== null);
}

type Finder = () => string | null;

function finders(retrial: Retrial, verdict: ReplayVerdict): readonly Finder[] {
  if (verdict.verdict === 'fail') return withoutFailure(retrial, verdict);
  const harder = [() => moreErrors(retrial), () => lowerLimit(retrial, verdict)];
  return verdict.verdict === 'pass' ? harder : [...withEnough(retrial, verdict), ...harder];
}

function withoutFailure(retrial: Retrial, { check, checks }: ReplayVerdict): readonly Finder[] {
  const numbers = checks.find((each) => each.check === check)?.numbers ?? {};
  switch (check) {
    case 'errors':
      return [
        () => fewerErrors(retrial),
        () => withoutWorstTool(retrial),
        () => moreTolerance(retrial),
        () => higherMaximum(retrial),
      ];
    case 'latency':
      return [() => moreTimes(retrial, 'latency')];
    case 'logs':
      return [() => moreTimes(retrial, 'logs')];
    case 'memory':
      return [
        () => higherLimit(retrial, numbers['limitBytes'] ?? null),
        () => moreTimes(retrial, 'memory'),
        () => shorterHorizon(retrial),
      ];
    default:
      return [() => moreFailures(retrial, check)];
  }
}

function fewerErrors(retrial: Retrial): string | null {
  const errors = canaryCalls(retrial.recording, true);
  const change = (count: number): Change => ({ calls: spread(errors, count, 'ok') });
  const count = retrial.least(errors.length, change, isNoFailure);
  return count === null
    ? null
    : `with ${count} of the canary's ${errors.length} failed calls fewer`;
}

function withoutWorstTool(retrial: Retrial): string | null {
  const errors = canaryCalls(retrial.recording, true);
  const counts = new Map<string, number>();
  for (const { tool } of errors) counts.set(tool, (counts.get(tool) ?? 0) + 1);
  const [worst] = [...counts].sort((a, b) => b[1] - a[1]);
  if (worst === undefined || counts.size < 2) return null;
  const [tool, count] = worst;
  const its = errors.filter((call) => call.tool === tool);
  const calls = new Map<CallEvent, 'ok'>(its.map((call) => [call, 'ok']));
  const verdict = retrial.judge({ calls });
  if (verdict === null || isFailure(verdict)) return null;
  return `without the ${count} failed calls of ${tool}`;
}

function moreTolerance(retrial: Retrial): string | null {
  const of = (count: number): number => Number((count * STEP.ratio).toFixed(3));
  const count = retrial.least(
    1 / STEP.ratio,
    (step) => judgeWith(retrial, ({ errors }) => ({ errors: { ...errors, overStable: of(step) } })),
    isNoFailure,
  );
  return count === null
    ? null
    : `with limits.errors.overStable at ${formatRatio(of(count))} (it was ${formatRatio(judgeOf(retrial).errors.overStable)})`;
}

function higherMaximum(retrial: Retrial): string | null {
  const of = (count: number): number => Number((count * STEP.ratio).toFixed(3));
  const { errors: was } = judgeOf(retrial);
  const count = retrial.least(
    1 / STEP.ratio - 1,
    (step) => judgeWith(retrial, ({ errors }) => ({ errors: { ...errors, maxRatio: of(step) } })),
    isNoFailure,
  );
  return count === null || of(count) <= was.maxRatio
    ? null
    : `with limits.errors.max at ${formatRatio(of(count))} (it was ${formatRatio(was.maxRatio)})`;
}

function moreTimes(retrial: Retrial, part: 'latency' | 'logs' | 'memory'): string | null {
  const was = judgeOf(retrial)[part].timesStable;
  const of = (count: number): number => was + count * STEP.times;
  const count = retrial.least(
    100,
    (step) =>
      judgeWith(retrial, (judge) => ({ [part]: { ...judge[part], timesStable: of(step) } })),
    isNoFailure,
  );
  return count === null ? null : `with limits.${part}.timesStable at ${of(count)} (it was ${was})`;
}

function higherLimit(retrial: Retrial, limitBytes: number | null): string | null {
  if (limitBytes === null) return null;
  const of = (count: number): number => roundedDown(limitBytes) + count * STEP.limitBytes;
  const most = Math.ceil((9 * limitBytes) / STEP.limitBytes);
  const count = retrial.least(most, (step) => withLimit(retrial, of(step)), isNoFailure);
  return count === null
    ? null
    : `with limits.memory.max at ${megabytes(of(count))} (it was ${megabytes(limitBytes)})`;
}

function lowerLimit(retrial: Retrial, { checks }: ReplayVerdict): string | null {
  const memory = checks.find(({ check }) => check === 'memory')?.numbers;
  const from = memory?.['limitBytes'] ?? 2 * (memory?.['canaryRssBytes'] ?? 0);
  const of = (count: number): number => roundedDown(from) - (count - 1) * STEP.limitBytes;
  const most = Math.floor(roundedDown(from) / STEP.limitBytes);
  const count = retrial.least(most, (step) => withLimit(retrial, of(step)), isFailure);
  return count === null
    ? null
    : `with limits.memory.max at ${megabytes(of(count))} or less it would have failed`;
}

function shorterHorizon(retrial: Retrial): string | null {
  const was = judgeOf(retrial).memory.horizonMs;
  const hours = Math.floor(was / HOUR_MS);
  const of = (count: number): number => (hours - count) * HOUR_MS;
  const count = retrial.least(
    hours - 1,
    (step) => judgeWith(retrial, ({ memory }) => ({ memory: { ...memory, horizonMs: of(step) } })),
    isNoFailure,
  );
  return count === null
    ? null
    : `with limits.memory.horizon at ${formatDuration(of(count))} (it was ${formatDuration(was)})`;
}

/** A check of the operator's own that may be bad more often in a row. */
function moreFailures(retrial: Retrial, check: string | null): string | null {
  const name = check?.replace(/^custom:/, '');
  const { policy } = retrial.recording;
  const found = policy.checks.find((each) => `custom:${each.name}` === check);
  if (found === undefined) return null;
  const count = retrial.least(
    100,
    (more) => ({
      policy: {
        ...policy,
        checks: policy.checks.map((each) =>
          each.name === name ? { ...each, failures: each.failures + more } : each,
        ),
      },
    }),
    isNoFailure,
  );
  return count === null
    ? null
    : `with failures of the check ${found.name} at ${found.failures + count} (it was ${found.failures})`;
}

function moreErrors(retrial: Retrial): string | null {
  const good = canaryCalls(retrial.recording, false);
  const change = (count: number): Change => ({ calls: spread(good, count, 'http_error') });
  const count = retrial.least(good.length, change, isFailure);
  return count === null
    ? null
    : `with ${count} more of the canary's ${good.length} good calls failed it would have failed`;
}

/** Too little evidence: what would have been enough. */
function withEnough(retrial: Retrial, { checks }: ReplayVerdict): readonly Finder[] {
  const numbers = checks.find(({ check }) => check === 'errors')?.numbers ?? {};
  const calls = numbers['canaryCalls'] ?? 0;
  const sessions = numbers['canarySessions'] ?? 0;
  const { minimum } = judgeOf(retrial);
  if (calls >= minimum.calls && sessions >= minimum.sessions) return [];
  return [
    () => lowerMinimum(retrial, { calls, sessions }),
    () => longerWindow(retrial, { calls, sessions }),
  ];
}

type Evidence = JudgePolicy['minimum'];

function lowerMinimum(retrial: Retrial, seen: Evidence): string | null {
  const was = judgeOf(retrial).minimum;
  const minimum = {
    calls: Math.min(seen.calls, was.calls),
    sessions: Math.min(seen.sessions, was.sessions),
  };
  const verdict = retrial.judge(judgeWith(retrial, () => ({ minimum })));
  return verdict?.verdict === 'pass'
    ? `with minimum at ${minimum.calls} calls and ${minimum.sessions} sessions it would have passed`
    : null;
}

function longerWindow(retrial: Retrial, { calls, sessions }: Evidence): string | null {
  const { minimum } = judgeOf(retrial);
  const { rollout, events } = retrial.recording;
  const seenMs = (events.at(-1)?.atMs ?? rollout.startedAtMs) - rollout.startedAtMs;
  if (calls === 0 || sessions === 0) return null;
  const times = Math.max(minimum.calls / calls, minimum.sessions / sessions);
  const share = Math.min(1, Math.ceil(rollout.weight * times * 100) / 100);
  const larger =
    share < 1
      ? `, or its share ${formatRatio(share)} instead of ${formatRatio(rollout.weight)}`
      : '';
  return `at the pace at which the canary was called, the window would have had to be ${duration(seenMs * (times - 1))} longer${larger} (an estimate)`;
}

function judgeOf({ recording }: Retrial): JudgePolicy {
  return recording.policy.judge;
}

function judgeWith(
  { recording: { policy } }: Retrial,
  change: (judge: JudgePolicy) => Partial<JudgePolicy>,
): { readonly policy: ReplayPolicy } {
  return { policy: { ...policy, judge: { ...policy.judge, ...change(policy.judge) } } };
}

function withLimit(retrial: Retrial, maxRssBytes: number): Change {
  return judgeWith(retrial, ({ memory }) => ({ memory: { ...memory, maxRssBytes } }));
}

/** As it is written in the configuration. */
function megabytes(value: number): string {
  return `${Number((value / MB).toFixed(3))}MB`;
}

function roundedDown(limitBytes: number): number {
  return Math.floor(limitBytes / STEP.limitBytes) * STEP.limitBytes;
}
