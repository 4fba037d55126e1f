/**
 * One line of a recorded rollout (JSON Lines), read into the event that it is. Written by hand and
 * not with the schemas that other input is read with: a recording has millions of lines.
 */
import { parseJson } from '../../common/parse-json.js';
import { OUTCOMES, TRACKS } from '../../common/protocol.js';
import type { EvidenceEvent } from './types.js';

/** The event, or what is wrong with the line. */
export type ParsedLine =
  | { readonly ok: true; readonly event: EvidenceEvent }
  | { readonly ok: false; readonly problem: string };

/** What a value must be, in words for after "wanted ". */
interface Kind {
  readonly wanted: string;
  readonly is: (value: unknown) => boolean;
}

const number: Kind = { wanted: 'a number', is: Number.isFinite };
const count: Kind = {
  wanted: 'a number from 0 on',
  is: (value) => Number(value) >= 0 && number.is(value),
};
const text: Kind = { wanted: 'text', is: (value) => typeof value === 'string' };
const track = oneOf(TRACKS);

function oneOf(values: readonly string[]): Kind {
  const known = new Set<unknown>(values);
  return { wanted: `one of ${values.join(', ')}`, is: (value) => known.has(value) };
}

function orNull({ wanted, is }: Kind): Kind {
  return { wanted: `${wanted} or null`, is: (value) => value === null || is(value) };
}

function optional({ wanted, is }: Kind): Kind {
  return { wanted, is: (value) => value === undefined || is(value) };
}

const ratio: Kind = {
  wanted: 'a number from 0 to 1',
  is: (value) => count.is(value) && Number(value) <= 1,
};
const flag: Kind = { wanted: 'true or false', is: (value) => typeof value === 'boolean' };

/** The fields of each type of line; others are passed over. */
const FIELDS: Readonly<Record<EvidenceEvent['type'], Readonly<Record<string, Kind>>>> = {
  rollout: {
    service: text,
    startedAtMs: number,
    windowMs: count,
    weight: ratio,
    rssLimitBytes: optional(orNull(count)),
    reference: optional(oneOf(['stable', 'baseline'])),
  },
  weight: { atMs: number, weight: ratio },
  call: {
    atMs: number,
    track,
    session: text,
    tool: text,
    outcome: oneOf(OUTCOMES),
    latencyMs: count,
    placed: optional(flag),
  },
  process: {
    atMs: number,
    track,
    rssBytes: count,
    restarts: count,
    uptimeMs: count,
    sessionsOpened: count,
    calls: count,
  },
  exit: { atMs: number, track, code: orNull(number), cause: optional(text) },
  log: { atMs: number, track, errorLines: count },
  check: { atMs: number, name: text, ok: orNull(flag), value: orNull(number), error: orNull(text) },
};

const CHECKS = new Map(
  Object.entries(FIELDS).map(([type, fields]) => [type as unknown, Object.entries(fields)]),
);

/** Longer values are cut in messages. */
const MAX_SHOWN = 40;

/** Reads one line. What it shows of a bad value is short. */
export function parseLine(line: string): ParsedLine {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null) return bad('not a JSON object');
  const event = value as Readonly<Record<string, unknown>>;
  const fields = CHECKS.get(event['type']);
  if (fields === undefined) {
    return bad(wrong('type', event['type'], `one of ${Object.keys(FIELDS).join(', ')}`));
  }
  for (const [name, { is, wanted }] of fields) {
    if (!is(event[name])) return bad(wrong(name, event[name], wanted));
  }
  return { ok: true, event: value as EvidenceEvent };
}

const bad = (problem: string): ParsedLine => ({ ok: false, problem });

function wrong(name: string, value: unknown, wanted: string): string {
  if (value === undefined) return `${name} is missing, wanted ${wanted}`;
  const shown = JSON.stringify(value);
  const short = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}...` : shown;
  return `${name}: got ${short}, wanted ${wanted}`;
}
