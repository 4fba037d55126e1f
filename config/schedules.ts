/** `schedules` of `canary.yaml`: when services or groups are upgraded by themselves. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import {
  FREEZE_PATTERN,
  isTimeZone,
  parseFreeze,
  parseWeekly,
  WEEKLY_PATTERN,
  type Calendar,
} from './calendar.js';
import { parseCron, type CronTimes } from './cron.js';
import { GROUP_DEFAULTS, SCHEDULE_DEFAULTS } from './defaults.js';
import type { OnRollback, WrittenGroups } from './groups.js';
import { parseReleaseValue, RELEASE_VALUE_PATTERN } from './units.js';
import { duration, list, name, named, oneOf, section, text, unit } from './shapes.js';

const MAX_SPANS = 100;
const MAX_CATCH_UP_MS = 7 * 86_400_000;
const MAX_JITTER_MS = 86_400_000;

/** What a scheduled run starts; of main's spec, what is not named stays as it is. */
export interface ScheduledRelease {
  readonly script?: string | undefined;
  readonly cwd?: string | undefined;
  readonly interpreter?: string | undefined;
  readonly interpreterArgs?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  /** Null drops the variable. May hold secrets. */
  readonly env?: Readonly<Record<string, string | null>> | undefined;
  /** With `set`, what the service's release is made of, as `release` says. */
  readonly version?: string | undefined;
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Its contract may break main's. */
  readonly allowBreaking?: boolean | undefined;
}

export interface ScheduleConfig extends CronTimes, Calendar {
  readonly name: string;
  /** `group nightly` or `service mcp-scraper`, as it is named to people. */
  readonly target: string;
  /** In the order of their upgrade, so many at a time. */
  readonly services: readonly string[];
  readonly parallel: number;
  readonly onRollback: OnRollback;
  /** What is done with a canary that is under way when the window closes. */
  readonly onWindowEnd: 'finish' | 'pause' | 'rollback';
  /** A run that could not begin in time is made up for while it is at most this late. */
  readonly catchUpMs: number;
  /** What is done when a service already has a rollout under way. */
  readonly overlap: 'skip' | 'queue';
  /** Runs begin at a time of their own up to this much after cron's. */
  readonly jitterMs: number;
  /** A service whose main already has the release's spec is left alone. */
  readonly onlyIfChanged: boolean;
  /** By service. One without an entry starts its spec as it is: new code on disk. */
  readonly releases: Readonly<Record<string, ScheduledRelease>>;
}

const argument = z.string({ error: 'text (numbers need quotes)' });
const absolutePath = z
  .string({ error: 'an absolute path' })
  .refine(isAbsolute, { error: 'an absolute path' })
  .meta({ pattern: '^/' });

const releaseValue = unit(parseReleaseValue, {
  type: 'string',
  pattern: RELEASE_VALUE_PATTERN,
  examples: ['1.4.0'],
});

const release = section({
  script: absolutePath.optional().describe('The new script.'),
  cwd: absolutePath.optional().describe('The new working directory.'),
  interpreter: text(/./, 'a command or an absolute path')
    .optional()
    .describe("The new interpreter, such as a virtual environment's python."),
  interpreterArgs: list(argument, 0, 100, 'arguments').optional().describe('All of them.'),
  args: list(argument, 0, 1_000, 'arguments')
    .optional()
    .describe('The new arguments, all of them.'),
  env: z
    .record(
      text(/^[A-Za-z_][A-Za-z0-9_.-]*$/, "an environment variable's name"),
      z.union([argument, z.null()]),
      { error: (issue) => (issue.code === 'invalid_type' ? 'a map of names to text' : undefined) },
    )
    .optional()
    .describe('Changed and new variables; null drops one.'),
  version: releaseValue.optional().describe('The release is made, as `release.prepare` says.'),
  set: z
    .record(z.string(), releaseValue, { error: 'a map of names to texts' })
    .optional()
    .describe('What the release is made of beside its version, by the names of `release.set`.'),
  allowBreaking: z
    .boolean({ error: 'true or false' })
    .optional()
    .describe("Go on where the canary's contract breaks main's."),
});

const windowsJson = { examples: ['Mon-Fri 22:00-22:20', 'Sat,Sun', '22:00-02:00'] };
const freezesJson = { examples: ['2026-12-24', '2026-12-20..2027-01-06', 'Fri 12:00-24:00'] };

export const schedule = {
  service: name().optional().describe('The service that is upgraded.'),
  group: name().optional().describe('The group that is upgraded, instead of one service.'),
  cron: unit(parseCron, { type: 'string', examples: ['0 22 * * Mon-Fri'] }).describe(
    'When a run begins: a cron expression of five parts, or six with seconds in front.',
  ),
  timeZone: z
    .string({ error: 'a time zone such as Europe/Berlin or UTC' })
    .refine(isTimeZone, { error: 'a time zone such as Europe/Berlin or UTC' })
    .meta({ examples: ['Europe/Berlin', 'UTC'] })
    .describe("The zone of cron's times, windows and freezes."),
  windows: list(
    unit(parseWeekly, { type: 'string', pattern: WEEKLY_PATTERN, ...windowsJson }),
    0,
    MAX_SPANS,
    'windows',
  )
    .optional()
    .describe('Runs begin only in these. None means at all times.'),
  freezes: list(
    unit(parseFreeze, { type: 'string', pattern: FREEZE_PATTERN, ...freezesJson }),
    0,
    MAX_SPANS,
    'freezes',
  )
    .optional()
    .describe('No run begins in these: dates, ranges of dates, or weekly times.'),
  onWindowEnd: oneOf(['finish', 'pause', 'rollback'])
    .optional()
    .describe('What is done with a canary that is under way when the window ends.'),
  catchUp: duration({ minMs: 0, maxMs: MAX_CATCH_UP_MS })
    .optional()
    .describe('A run that was missed is made up for while it is at most this late. 0s: it is not.'),
  overlap: oneOf(['skip', 'queue'])
    .optional()
    .describe('When a service has a rollout under way: leave the run out, or begin it afterwards.'),
  jitter: duration({ minMs: 0, maxMs: MAX_JITTER_MS })
    .optional()
    .describe("Runs begin up to this much after cron's time, each machine at a time of its own."),
  onlyIfChanged: z
    .boolean({ error: 'true or false' })
    .optional()
    .describe('Leave a service alone whose main already runs that release.'),
  releases: named(release, 'services with their releases')
    .optional()
    .describe("What is new, by service. A service without an entry starts main's spec as it is."),
};

/** Exactly one of the two is wanted. */
export const oneTarget = { oneOf: [{ required: ['service'] }, { required: ['group'] }] };

const scheduleDraft = section(schedule).partial();

export type WrittenSchedule = z.output<typeof scheduleDraft>;
export type WrittenSchedules = Readonly<Record<string, WrittenSchedule>>;

const defaults = scheduleDraft
  .pick({
    windows: true,
    freezes: true,
    onWindowEnd: true,
    catchUp: true,
    overlap: true,
    jitter: true,
    onlyIfChanged: true,
    releases: true,
  })
  .required()
  .parse(SCHEDULE_DEFAULTS);

/** Fills in the defaults. A schedule that lacks what has no default is left out. */
export function resolveSchedules(
  written: WrittenSchedules = {},
  groups: WrittenGroups = {},
): ScheduleConfig[] {
  return Object.entries(written).flatMap(([name, own]) => resolveSchedule(name, own, groups) ?? []);
}

function resolveSchedule(
  name: string,
  own: WrittenSchedule,
  groups: WrittenGroups,
): ScheduleConfig | null {
  const { cron, timeZone, service, group: groupName = '' } = own;
  const members = Object.hasOwn(groups, groupName) ? groups[groupName] : undefined;
  if (cron === undefined || timeZone === undefined) return null;
  const merged = { ...defaults, ...own };
  const { parallel, onRollback, services } = { ...GROUP_DEFAULTS, services: [], ...members };
  return {
    name,
    cron,
    timeZone,
    target: service === undefined ? `group ${groupName}` : `service ${service}`,
    services: service === undefined ? services : [service],
    parallel,
    onRollback,
    windows: merged.windows,
    freezes: merged.freezes,
    onWindowEnd: merged.onWindowEnd,
    catchUpMs: merged.catchUp,
    overlap: merged.overlap,
    jitterMs: merged.jitter,
    onlyIfChanged: merged.onlyIfChanged,
    releases: merged.releases,
  };
}
