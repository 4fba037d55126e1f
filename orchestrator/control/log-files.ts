/** Where PM2 writes what a service's instances print (pure). */
import type { ServiceConfig } from '../../config/types.js';
import type { App } from '../process-manager.js';

export interface LogFiles {
  /** Absolute paths; the same file when PM2 merges both streams. */
  readonly out: string;
  readonly err: string;
}

export interface LogFilesReply {
  /** Null: PM2 has no such app now. */
  readonly stable: LogFiles | null;
  readonly canary: LogFiles | null;
}

export function logFilesOf(apps: readonly App[], { app, canaryApp }: ServiceConfig): LogFilesReply {
  const filesOf = (wanted: string): LogFiles | null => {
    const found = apps.find(({ name }) => name === wanted);
    return found === undefined ? null : { out: found.outLogPath, err: found.errLogPath };
  };
  return { stable: filesOf(app), canary: filesOf(canaryApp) };
}

export type LogTrack = keyof LogFilesReply;

/** One file that is read, and what it is of. */
export interface LogSource {
  readonly track: LogTrack;
  readonly stream: 'out' | 'err';
  readonly path: string;
}

/** The files of the tracks that are wanted; one that takes both streams is read once. */
export function sourcesOf(files: LogFilesReply, tracks: readonly LogTrack[]): readonly LogSource[] {
  return tracks.flatMap((track) => {
    const found = files[track];
    if (found === null) return [];
    const out = { track, stream: 'out', path: found.out } as const;
    return found.err === found.out
      ? [out]
      : [out, { track, stream: 'err', path: found.err } as const];
  });
}
