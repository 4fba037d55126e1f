/** What no single key of `groups` and `schedules` shows. */
import { nextOpening, openingAt, type Calendar } from './calendar.js';
import { timeAfter } from './cron.js';
import { error, warning, type Finding } from './finding.js';
import { nearest } from './nearest.js';
import { asksForRelease, misfitsOf } from './release.js';
import type { ConfigDraft, ServiceDraft } from './resolve.js';
import type { ScheduleConfig, ScheduledRelease } from './schedules.js';
import type { FileDraft } from './schema.js';
import type { Path } from './source.js';

/** Any fixed instant serves: what is looked for comes again every week, or every few years. */
const LOOK_FROM_MS = Date.UTC(2024, 0, 1);
/** More than a year of days. */
const MAX_LOOKS = 400;

/** Unknown and repeated services; a service that two groups have. */
export function checkGroups({ groups = {} }: FileDraft, { services }: ConfigDraft): Finding[] {
  const known = services.map(({ name }) => name);
  const inGroups = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [name, { services: members }] of Object.entries(groups)) {
    for (const [index, member] of members.entries()) {
      const path = ['groups', name, 'services', index];
      const other = inGroups.get(member);
      if (!known.includes(member))
        findings.push(error('unknown-reference', [path], unknown(member, 'service', known)));
      else if (other === name)
        findings.push(error('repeated-service', [path], `got ${member} twice, wanted it once`));
      else if (other !== undefined) {
        const message = `got ${member}, which group ${other} has too: its upgrades wait for each other or are left out`;
        findings.push(warning('service-in-two-groups', [path], message));
      }
      inGroups.set(member, name);
    }
  }
  return findings;
}

/** Targets and releases that do not exist; a schedule that never runs. */
export function checkSchedules(written: FileDraft, { services, ...rest }: ConfigDraft): Finding[] {
  const serviceNames = services.map(({ name }) => name);
  const groupNames = rest.groups.map(({ name }) => name);
  return Object.entries(written.schedules ?? {}).flatMap(([name, { service, group }]) => {
    const path: Path = ['schedules', name];
    const findings: Finding[] = [];
    if ((service === undefined) === (group === undefined)) {
      const got = service === undefined ? 'neither' : 'both';
      findings.push(
        error(
          'schedule-target',
          [path],
          `got ${got} of service and group, wanted exactly one of them`,
        ),
      );
    }
    if (service !== undefined && !serviceNames.includes(service)) {
      findings.push(
        error(
          'unknown-reference',
          [[...path, 'service']],
          unknown(service, 'service', serviceNames),
        ),
      );
    }
    if (group !== undefined && !groupNames.includes(group)) {
      findings.push(
        error('unknown-reference', [[...path, 'group']], unknown(group, 'group', groupNames)),
      );
    }
    const resolved = rest.schedules.find((each) => each.name === name);
    return resolved === undefined
      ? findings
      : [...findings, ...checkResolved(path, resolved, services)];
  });
}

function checkResolved(
  path: Path,
  schedule: ScheduleConfig,
  known: readonly ServiceDraft[],
): Finding[] {
  const { services, releases } = schedule;
  const strange = services.length === 0 ? [] : Object.keys(releases);
  const findings = strange
    .filter((service) => !services.includes(service))
    .map((service) =>
      error(
        'unknown-reference',
        [[...path, 'releases', service]],
        unknown(service, 'service here', services),
      ),
    );
  for (const [name, release] of Object.entries(releases)) {
    const service = known.find((each) => each.name === name);
    if (service !== undefined) {
      findings.push(...checkMade([...path, 'releases', name], service, release));
    }
  }
  const never = whyNever(schedule);
  return never === null
    ? findings
    : [...findings, error('schedule-never-runs', [[...path, never.key]], never.message)];
}

/** What a release is made of fits how the service makes them. */
function checkMade(
  path: Path,
  { name, release }: ServiceDraft,
  wishes: ScheduledRelease,
): Finding[] {
  if (!asksForRelease(wishes)) return [];
  if (release === null) {
    return [
      error(
        'release-misfit',
        [path],
        `got what a release is made of, wanted release.prepare in ${name} too`,
      ),
    ];
  }
  const { lacksVersion, lacking, strange } = misfitsOf(release, wishes);
  const names = release.set.length === 0 ? 'none' : release.set.join(', ');
  return [
    ...(lacksVersion
      ? [error('release-misfit', [path], `version is missing, which ${name}'s release is made of`)]
      : []),
    ...lacking.map((key) =>
      error('release-misfit', [path], `set.${key} is missing, wanted a value of ${key}`),
    ),
    ...strange.map((key) =>
      error(
        'release-misfit',
        [[...path, 'set', key]],
        `got ${key}, wanted names of ${name}'s release.set: ${names}`,
      ),
    ),
  ];
}

/**
 * Why no time of the schedule's cron can ever begin a run; null when one can. Dated freezes end, and
 * a time that only a change of the clocks makes possible is none: neither counts.
 */
function whyNever(schedule: ScheduleConfig): { key: string; message: string } | null {
  const timeZone = 'UTC';
  const weekly: Calendar = {
    timeZone,
    windows: schedule.windows,
    freezes: schedule.freezes.filter(({ kind }) => kind === 'weekly'),
  };
  const times = { cron: schedule.cron, timeZone };
  let at = timeAfter(times, LOOK_FROM_MS);
  if (at === null) {
    return { key: 'cron', message: `got "${schedule.cron}", wanted a time that comes` };
  }
  for (let looks = 0; looks < MAX_LOOKS && at !== null; looks += 1) {
    if (openingAt(weekly, at).open) return null;
    const opening = nextOpening(weekly, at);
    if (opening === null) {
      return { key: 'freezes', message: 'got freezes that leave no time, wanted less of them' };
    }
    at = timeAfter(times, opening - 1);
  }
  return {
    key: schedule.windows.length > 0 ? 'windows' : 'freezes',
    message: `got times that the cron expression "${schedule.cron}" never meets, wanted some that it does`,
  };
}

function unknown(got: string, kind: string, known: readonly string[]): string {
  const suggestion = nearest(got, known);
  const end =
    suggestion === null ? `wanted one of ${known.join(', ')}` : `did you mean ${suggestion}?`;
  return `got ${got}, which is no ${kind}, ${end}`;
}
