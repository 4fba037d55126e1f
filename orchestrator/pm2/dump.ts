/**
 * `dump.pm2`, what `pm2 save` wrote and `pm2 resurrect` starts from. After a promotion it must hold
 * main's new spec and no canary; everything else in it is the operator's and stays untouched.
 */
import { open, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pm2Env } from './pm2-env.js';

export type DumpResult = 'refreshed' | 'no-dump' | 'not-in-it';

/**
 * Puts an app's present settings into the dump, in the shape that `pm2 save` writes (PM2's
 * lib/API/Startup.js), and takes `canaryNames` out. The dump before is kept as `dump.pm2.bak`. A
 * dump is never created, and one that does not hold the app only loses canaries.
 * @throws Error when the dump cannot be read, parsed or written.
 */
export async function refreshDump(
  pm2Home: string,
  app: Pm2Env,
  canaryNames: readonly string[],
): Promise<DumpResult> {
  const path = await existing(join(pm2Home, 'dump.pm2'));
  if (path === null) return 'no-dump';
  const text = await readFile(path, 'utf8');
  const entries = JSON.parse(text) as Pm2Env[];
  const kept = entries.filter((entry) => !canaryNames.includes(String(entry['name'])));
  const at = indexOfApp(kept, app);
  if (at < 0 && kept.length === entries.length) return 'not-in-it';
  const after = kept.map((entry, index) => (index === at ? dumpEntry(app) : entry));
  const { mode } = await stat(path);
  await writeFile(join(pm2Home, 'dump.pm2.bak'), text, { mode });
  await replaceFile(path, JSON.stringify(after, null, 2), mode);
  return at < 0 ? 'not-in-it' : 'refreshed';
}

/**
 * What `pm2 save` wrote; null where there is no dump. Secret.
 * @throws Error when it cannot be read or parsed.
 */
export async function readDump(pm2Home: string): Promise<readonly Pm2Env[] | null> {
  const path = await existing(join(pm2Home, 'dump.pm2'));
  return path === null ? null : (JSON.parse(await readFile(path, 'utf8')) as Pm2Env[]);
}

async function existing(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The unique id is another one once PM2 has restored the dump; then the name tells, if it is clear. */
function indexOfApp(entries: readonly Pm2Env[], app: Pm2Env): number {
  const byId = entries.findIndex((entry) => entry['unique_id'] === app['unique_id']);
  if (byId >= 0) return byId;
  const named = entries.filter((entry) => entry['name'] === app['name']);
  return named.length === 1 ? entries.indexOf(named[0] ?? {}) : -1;
}

function dumpEntry(app: Pm2Env): Pm2Env {
  const left = ['instances', 'pm_id', 'prev_restart_delay'];
  return Object.fromEntries(Object.entries(app).filter(([key]) => !left.includes(key)));
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const next = `${path}.canary-${process.pid}`;
  const file = await open(next, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}
