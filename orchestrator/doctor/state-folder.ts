/** The state folder: its owner's alone, and with space on its disk. */
import { stat, statfs } from 'node:fs/promises';
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import type { Facts } from './facts.js';

const LITTLE_BYTES = 500e6;
const TOO_LITTLE_BYTES = 50e6;

export async function checkStateFolder({ home }: Facts): Promise<Diagnosis[]> {
  const found = await stat(home.dir).catch(() => null);
  if (found === null) {
    return [warning('state folder', `${home.dir} is not there`, 'the first start makes it')];
  }
  const files = [home.storeFile, home.proxyStoreFile, home.controlSocket, home.proxySocket];
  const open = await Promise.all([home.dir, ...files].map(openToOthers));
  const wrong = open.flatMap((diagnosis) => diagnosis ?? []);
  const mine = found.uid === process.getuid?.();
  const message = `${home.dir} belongs to user ${found.uid}, you are ${process.getuid?.() ?? '?'}`;
  return [
    ...(mine ? [] : [warning('state folder', message, 'run canary as that user')]),
    ...(wrong.length > 0 ? wrong : [ok('state folder', `${home.dir} is its owner's alone`)]),
    diskSpace(home.dir, await freeBytes(home.dir)),
  ];
}

async function openToOthers(path: string): Promise<Diagnosis | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || (found.mode & 0o077) === 0) return null;
  const mode = (found.mode & 0o777).toString(8);
  return failure('state folder', `${path} is open to others (${mode})`, `chmod go= ${path}`);
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** What a disk with so much space means. */
export function diskSpace(dir: string, bytes: number): Diagnosis {
  const message = `${Math.round(bytes / 1e6)} MB are free for ${dir}`;
  if (bytes >= LITTLE_BYTES) return ok('disk', message);
  const remedy = 'free some: nothing is decided that cannot be stored';
  return bytes >= TOO_LITTLE_BYTES
    ? warning('disk', message, remedy)
    : failure('disk', message, remedy);
}
