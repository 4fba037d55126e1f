/**
 * Removes releases that nothing needs any more.
 *
 * 1. Only folders that the store says a rollout has made are ever removed.
 * 2. What PM2 holds, for any app, what it would resurrect from its dump and what a rollout under
 *    way uses is never removed: neither by the paths as they are written, nor by where their links
 *    lead.
 * 3. Of the others, the newest that main ran are kept, and the newest that was rolled back, to look into.
 */
import { realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/message-of.js';
import { readDump } from '../pm2/dump.js';
import type { Store } from '../store/store.js';
import type { ProcessManager } from '../process-manager.js';

/** A release's folder that a rollout has made, which is over. */
export interface MadeRelease {
  readonly rolloutId: string;
  readonly dir: string;
  readonly promoted: boolean;
}

export interface PruneParts {
  readonly pm2: ProcessManager;
  readonly pm2Home: string;
  readonly store: Store;
  readonly clock: Clock;
}

/** A folder that was to go, and why it is still there; null: it is gone. */
export interface Pruned {
  readonly dir: string;
  readonly trouble: string | null;
}

/** Removes what a service does not need any more. Nothing, as long as PM2 does not say what it runs, or its dump cannot be read. */
export async function pruneReleases(
  { pm2, pm2Home, store, clock }: PruneParts,
  service: string,
  keep: number,
): Promise<readonly Pruned[]> {
  const made = store.madeReleases(service);
  if (made.length === 0) return [];
  const apps = await pm2.list();
  const dump = await readDump(pm2Home).catch(() => 'unreadable' as const);
  if (apps.kind !== 'ok' || dump === 'unreadable') return [];
  const active = store.active().flatMap(({ oldSpec, newSpec }) => [oldSpec, newSpec]);
  const texts = await withLinks(textsIn([apps.value.map(({ spec }) => spec), active, dump]));
  const used = new Set<MadeRelease>();
  for (const release of made) if (await isNamedIn(release.dir, texts)) used.add(release);
  const pruned: Pruned[] = [];
  for (const release of prunable(made, keep, (each) => used.has(each))) {
    const trouble = await removeFolder(release.dir);
    if (trouble === null) store.releaseRemoved(release.rolloutId, clock.now());
    pruned.push({ dir: release.dir, trouble });
  }
  return pruned;
}

/** The ones to remove (pure). `made` is newest first. */
export function prunable(
  made: readonly MadeRelease[],
  keep: number,
  isUsed: (release: MadeRelease) => boolean,
): readonly MadeRelease[] {
  const [latest] = made.filter(({ promoted }) => promoted);
  const free = made.filter((release) => release !== latest && !isUsed(release));
  const old = free.filter(({ promoted }) => promoted);
  const failed = free.filter(({ promoted }) => !promoted);
  return [...old.slice(keep), ...failed.slice(1)];
}

/** All texts in a value, however deep. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The texts, and where those that are paths lead. */
async function withLinks(texts: readonly string[]): Promise<readonly string[]> {
  const paths = [...new Set(texts.filter((text) => text.startsWith('/')))];
  // An interpreter's own link leads out of its environment, its folder's does not.
  const real = await Promise.all(
    paths.flatMap((path) => [path, dirname(path)].map((each) => realpath(each).catch(() => each))),
  );
  return [...new Set([...texts, ...real])];
}

/** Whether any of the texts names the folder. A longer name that begins like it counts too, to be safe. */
async function isNamedIn(dir: string, texts: readonly string[]): Promise<boolean> {
  const real = await realpath(dir).catch(() => dir);
  return texts.some((text) => text.includes(dir) || text.includes(real));
}

/** Removes the folder; one that is gone already is no trouble. Gives the trouble there was, or null. */
export function removeFolder(dir: string): Promise<string | null> {
  return rm(dir, { recursive: true, force: true }).then(() => null, messageOf);
}
