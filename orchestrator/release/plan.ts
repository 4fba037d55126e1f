/** The release's part of a plan: what a start asks for, fitted to the configuration. */
import { stat } from 'node:fs/promises';
import type { ServiceConfig } from '../../config/types.js';
import type { ReleasePlanView, StartRequest } from '../control/messages.js';
import { specProblems, type AppSpec, type ReleaseChange } from '../pm2/spec.js';
import {
  asksForRelease,
  changeFor,
  commandsOf,
  folderProblem,
  releaseFor,
  wishProblems,
  type Release,
} from './release.js';

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
  const reasons = wishProblems(name, config, request);
  if (config === null || reasons.length > 0) return { ok: false, reasons };
  const release = releaseFor(config, rolloutId, request);
  const overrides = changeFor(config, release);
  const env = { ...overrides.env, ...request.release.env };
  return { ok: true, release, change: { ...overrides, ...request.release, env } };
}

/** Why the release cannot be made. Whether it can run is asked once it is made. */
export async function releaseRefusals(release: Release, newSpec: AppSpec): Promise<string[]> {
  const strange = folderProblem(release);
  const exists = await stat(release.dir).then(
    () => true,
    () => false,
  );
  return [
    ...specProblems(newSpec),
    ...(strange === null ? [] : [strange]),
    ...(exists ? [`the release's folder ${release.dir} exists already: remove it first`] : []),
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
