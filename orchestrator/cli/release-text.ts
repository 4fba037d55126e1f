/** A rollout's release as people read it in a terminal: planned, under way and made. */
import { formatSeconds } from '../../config/units.js';
import type { ReleasePlanView, ReleaseView } from '../control/messages.js';
import { dependencyText, type CommandRecord } from '../release/record.js';
import type { Release } from '../release/release.js';

/** What a plan would make. */
export function plannedReleaseText(release: ReleasePlanView): string {
  const { commands, dependencies, pins } = release;
  const policy = pins === null ? '' : `; of changes that were not asked for: ${pins}`;
  return [
    `the release ${nameOf(release)} is made first:`,
    ...commands.map((line) => `  ${line}`),
    ...(dependencies === null
      ? []
      : [
          `its packages (${dependencies}) are known, and compared, once it is made${policy}`,
          'to see them before: canary prepare, with the same --version and --set',
        ]),
  ].join('\n');
}

/** One line, for the status. */
export function releaseLine(release: ReleaseView): string {
  const { preparation } = release;
  const done = preparation?.commands.filter(({ state }) => state === 'done').length ?? 0;
  const all = preparation?.commands.length ?? 0;
  const packages =
    preparation?.dependencies == null
      ? ''
      : `; packages: ${dependencyText(preparation.dependencies)}`;
  return `release ${nameOf(release)}: ${done} of ${all} commands done${packages}`;
}

/** All that is kept of it. */
export function releaseText(release: ReleaseView, nowMs: number): string {
  const { preparation, removed } = release;
  const title = `release ${nameOf(release)}${removed ? ' (removed since)' : ''}`;
  if (preparation === null) return `${title}\n  not begun yet`;
  const { commands, dependencies, failure } = preparation;
  return [
    title,
    ...commands.flatMap((command) => commandText(command, nowMs)),
    ...(dependencies === null ? [] : [`  packages: ${dependencyText(dependencies)}`]),
    ...(failure === null ? [] : [`  it came to nothing: ${failure}`]),
  ].join('\n');
}

function nameOf({ dir, version, values }: Release): string {
  const set = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return [...(version === null ? [] : [version]), ...set, `in ${dir}`].join(' ');
}

function commandText(command: CommandRecord, nowMs: number): string[] {
  const { line, state, exitCode, startedAtMs, endedAtMs, output } = command;
  const took = startedAtMs === null ? '' : `, ${formatSeconds((endedAtMs ?? nowMs) - startedAtMs)}`;
  const code = exitCode === null || exitCode === 0 ? '' : `, exit code ${exitCode}`;
  const printed = output.split('\n').filter((text) => text.trim() !== '');
  return [`  ${line}  (${state}${code}${took})`, ...printed.map((text) => `    ${text}`)];
}
