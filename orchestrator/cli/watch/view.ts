/** One screen of `canary status --watch`, from a status document to lines (pure). */
import type { RolloutView, ServiceView, StatusReply } from '../../control/messages.js';
import type { PhaseKind } from '../../rollout/phase.js';
import { duration, percent, transitionText } from '../format.js';
import { HELD_WHY, hourMinute, progress, timeLeft, whatNext } from '../next.js';
import { clipped, hanging, lineOf, span, type Line, type Tone } from '../terminal/line.js';
import { checkLines, STATE_TONES } from './checks.js';
import { shownServices, type WatchDocument } from './document.js';
import { comparisonLines, errorsText, trackLines } from './numbers.js';

/** So many of the last moves are shown. */
const LAST_MOVES = 4;
const NOTHING: Line = [];

/** The lines of a screen of so many columns; none is longer. */
export function watchView(doc: WatchDocument, columns: number): Line[] {
  const services = shownServices(doc);
  const [only, ...more] = services;
  const body =
    only !== undefined && more.length === 0
      ? serviceLines(only, doc.nowMs, columns)
      : services.flatMap((service) => [...shortLines(service, doc.nowMs, columns), NOTHING]);
  return [...troubleLines(doc, columns), ...body].map((line) => clipped(line, columns));
}

function troubleLines({ away, status, nowMs }: WatchDocument, columns: number): Line[] {
  const troubles: string[] = [];
  if (away !== null) {
    const since = timeLeft(nowMs - away.sinceMs);
    troubles.push(
      `canary-orchestrator has not answered for ${since} (${away.reason}). The traffic goes on as it was${status === null ? '.' : '; below is what was known.'}`,
    );
  } else if (status !== null) troubles.push(...outages(status));
  const lines = troubles.flatMap((text) => hanging([span('! ', 'bad')], text, columns, 'bad'));
  return lines.length === 0 ? [] : [...lines, NOTHING];
}

/** What else does not answer. */
export function outages({ pm2, proxy }: StatusReply): string[] {
  return [
    ...(pm2.up ? [] : [`PM2 does not answer: ${pm2.reason ?? ''}`]),
    ...(proxy.up ? [] : [`canary-proxy does not answer: ${proxy.reason ?? ''}`]),
  ];
}

/** A service among others: where it stands, what its numbers are, and what comes. */
function shortLines({ service, rollout }: ServiceView, nowMs: number, columns: number): Line[] {
  if (rollout === null) return [[span(service, 'strong'), span('  no rollout yet', 'faint')]];
  const stand = standOf(rollout, nowMs, 'strong');
  if (rollout.endedAtMs !== null) {
    return [stand, ...hanging(lineOf('  '), rollout.reason, columns, 'faint')];
  }
  const bad = (rollout.assessment?.checks ?? []).filter(({ state }) => state !== 'pass');
  const difference = errorsText(rollout);
  return [
    stand,
    ...(difference === null ? [] : [[span('  errors: ', 'faint'), span(difference)]]),
    ...bad.flatMap(({ check, state, reason }) =>
      hanging(
        [span('  '), span(`${state} `, STATE_TONES[state]), span(`${check}: `)],
        reason,
        columns,
      ),
    ),
    ...hanging([span('  next: ', 'faint')], whatNext(rollout, nowMs), columns),
  ];
}

function serviceLines(
  { service, app, listen, rollout }: ServiceView,
  nowMs: number,
  columns: number,
): Line[] {
  const title = [span(service, 'strong'), span(`  PM2 app ${app}, agents at ${listen}`, 'faint')];
  if (rollout === null) {
    return [title, lineOf(`no rollout yet; "canary start ${service}" begins one`)];
  }
  const sections = [
    [title, ...standLines(rollout, nowMs, columns)],
    trackLines(rollout),
    comparisonLines(rollout, columns),
    checkLines(rollout.assessment?.checks ?? [], columns),
    moveLines(rollout, columns),
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines) => [...lines, NOTHING]);
}

function standLines(rollout: RolloutView, nowMs: number, columns: number): Line[] {
  const next = hanging([span('next: ', 'faint')], whatNext(rollout, nowMs), columns);
  const why = hanging([span('why: ', 'faint')], rollout.reason, columns);
  return [standOf(rollout, nowMs), ...barLine(rollout, nowMs, columns), ...why, ...next];
}

/** The rollout's name, its phase, and how long that lasts. */
function standOf(rollout: RolloutView, nowMs: number, tone: Tone = 'plain'): Line {
  const { id, phase, stage, held, step, steps, course, endedAtMs, startedAtMs } = rollout;
  const stepText = step === null ? '' : `, step ${step} of ${steps}`;
  const weight = step === null ? undefined : course.steps[step - 1]?.weight;
  const share = weight === undefined ? '' : `: ${percent(weight)} of the new sessions`;
  const ended =
    endedAtMs === null
      ? ''
      : `, ${hourMinute(endedAtMs)}, after ${duration(endedAtMs - startedAtMs)}`;
  const why = held === null ? '' : `: ${HELD_WHY[held]}`;
  const left = rollout.phaseEndsAtMs === null ? '' : leftText(rollout.phaseEndsAtMs, nowMs);
  return [
    span(`${id}  `, tone),
    span(`${phase}${stage === null ? '' : ` (${stage})`}`, PHASE_TONES[phase] ?? 'strong'),
    span(`${stepText}${share}${why}${ended}${left}`),
  ];
}

function leftText(endsAtMs: number, nowMs: number): string {
  return `, ${timeLeft(endsAtMs - nowMs)} left`;
}

function barLine(rollout: RolloutView, nowMs: number, columns: number): Line[] {
  const part = progress(rollout, nowMs);
  if (part === null) return [];
  const label = ` ${Math.floor(part * 100)}%`;
  const width = Math.min(columns, 100) - label.length - 2;
  const done = Math.round(part * width);
  return [
    [
      span('[', 'faint'),
      span('='.repeat(done), 'good'),
      span('-'.repeat(Math.max(0, width - done)), 'faint'),
      span(']', 'faint'),
      span(label),
    ],
  ];
}

function moveLines({ transitions }: RolloutView, columns: number): Line[] {
  return transitions
    .slice(-LAST_MOVES)
    .flatMap((move) => hanging([span('  ')], transitionText(move), columns, 'faint'));
}

const PHASE_TONES: Partial<Readonly<Record<PhaseKind, Tone>>> = {
  held: 'care',
  'rolling-back': 'bad',
  'rolled-back': 'bad',
  promoted: 'good',
};
