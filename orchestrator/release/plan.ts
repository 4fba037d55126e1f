/** The release's part of a plan: what a start asks for, fitted to the configuration. */
import { isDeepStrictEqual } from 'node:util';
import { asksForRelease, type ReleaseConfig } from '../../config/release.js';
import type { ServiceConfig } from '../../config/types.js';
import { canAccess } from '../can-access.js';
import type { ReleasePlanView, StartRequest } from '../control/messages.js';
import {
  applyRelease,
  sameSpec,
  specProblems,
  type AppSpec,
  type ReleaseChange,
} from '../pm2/spec.js';
import {
  changeFor,
  commandsOf,
  folderProblem,
  releaseFor,
  wishProblems,
  type Release,
} from './release.js';
import { because } from '../refusals.js';

export type PlannedRelease =
  | {
      readonly ok: true;
      /** Null: nothing is made, the release is there already. */
      readonly release: Release | null;
      readonly change: ReleaseChange;
    }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** What a start changes in main's spec: the configured overrides, and over them what it names itself. */
export function planRelease(
  { name, release: config }: ServiceConfig,
  request: StartRequest,
  rolloutId: string,
): PlannedRelease {
  if (!asksForRelease(request)) return { ok: true, release: null, change: request.release };
  const reasons = wishProblems(name, config, request).map((reason) =>
    because('release-values', reason),
  );
  if (config === null || reasons.length > 0) return { ok: false, reasons };
  const release = releaseFor(config, rolloutId, request);
  return { ok: true, release, change: wholeChange(config, release, request) };
}

/** The configured overrides, and over them what the start names itself. */
function wholeChange(
  config: ReleaseConfig,
  release: Release,
  request: StartRequest,
): ReleaseChange {
  const overrides = changeFor(config, release);
  const env = { ...overrides.env, ...request.release.env };
  return { ...overrides, ...request.release, env };
}

/** Whether main runs already what a start asks for: `made`, the release that it was given last, has the same values and is pointed at in the same way. */
export function runsAlready(
  { release: config }: ServiceConfig,
  request: StartRequest,
  made: Release | null,
  main: AppSpec,
): boolean {
  if (config === null || made === null) return false;
  const { version = null, set = {} } = request;
  if (made.version !== version || !isDeepStrictEqual(made.values, set)) return false;
  return sameSpec(applyRelease(main, wholeChange(config, made, request)), main);
}

/** Why the release cannot be made. Whether it can run is asked once it is made. */
export async function releaseRefusals(release: Release, newSpec: AppSpec): Promise<string[]> {
  const strange = folderProblem(release);
  const exists = await canAccess(release.dir);
  return [
    ...specProblems(newSpec),
    ...(strange === null ? [] : [because('release-folder', strange)]),
    ...(exists
      ? [
          because(
            'release-folder',
            `the release's folder ${release.dir} exists already: remove it first`,
          ),
        ]
      : []),
  ];
}

/** What a plan shows of the release. */
export function releasePlanView(
  { release: config }: ServiceConfig,
  release: Release | null,
): ReleasePlanView | null {
  if (config === null || release === null) return null;
  return {
    ...release,
    commands: commandsOf(config, release).map(({ line }) => line),
    dependencies: config.dependencies?.kind ?? null,
    pins: config.pins?.otherwise ?? null,
  };
}
