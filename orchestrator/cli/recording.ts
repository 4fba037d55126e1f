/** Recorded rollouts as files: one JSON Lines file each, read in pieces. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { parseLine } from '../judge/line.js';
import { Replay, type ReplayPolicy, type ReplayVerdict } from '../judge/replay.js';
import type { EvidenceEvent, RolloutEvent } from '../judge/types.js';

const CHUNK_BYTES = 1 << 20;
const MAX_LINE_CHARS = 1 << 20;
/** So many bad lines of one file are told; a file that is no recording has nothing but those. */
const MAX_PROBLEMS = 10;
const EXTENSIONS = new Set(['.jsonl', '.ndjson', '.json']);

/** A recording, by the name that it was asked for. */
export interface Recording {
  readonly name: string;
  readonly path: string;
}

/** The recordings that a path names, seen from `cwd`: itself, or those in the folder, by name. */
export async function recordingsAt(name: string, cwd: string): Promise<readonly Recording[]> {
  const path = resolve(cwd, name);
  if (!(await stat(path)).isDirectory()) return [{ name, path }];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
    .map((entry) => entry.name)
    .sort()
    .map((file) => ({ name: join(name, file), path: join(path, file) }));
}

export type Judged =
  | { readonly ok: true; readonly verdict: ReplayVerdict }
  /** Each problem begins with `FILE:LINE: `. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Judges one recording. The policy is chosen by the first line, which says what the rollout was.
 * @throws Error when the file cannot be read.
 */
export async function judgeRecording(
  { name, path }: Recording,
  policyFor: (rollout: RolloutEvent) => ReplayPolicy,
): Promise<Judged> {
  const problems: string[] = [];
  let replay: Replay | null = null;
  let number = 0;
  const take = (event: EvidenceEvent): string | null => {
    if (event.type === 'rollout') {
      if (replay !== null) return 'a second rollout, wanted one a file';
      replay = new Replay(policyFor(event), event);
    } else if (replay === null) {
      return `type: got "${event.type}", wanted "rollout" in the first line`;
    } else {
      replay.add(event);
    }
    return null;
  };
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      number += 1;
      if (line === '') continue;
      const parsed = parseLine(line);
      const problem = parsed.ok ? take(parsed.event) : parsed.problem;
      if (problem !== null) problems.push(`${name}:${number}: ${problem}`);
      if (problems.length >= MAX_PROBLEMS) return { ok: false, problems };
    }
  }
  return ended(replay, problems, name);
}

function ended(replay: Replay | null, problems: readonly string[], name: string): Judged {
  if (problems.length > 0) return { ok: false, problems };
  if (replay === null)
    return { ok: false, problems: [`${name}:1: nothing, wanted a rollout line`] };
  return { ok: true, verdict: replay.end() };
}

/** The lines of a file, as many at once as a piece of it holds. One without an end in sight is cut into several. */
async function* linesOf(path: string): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) {
      lines.push(rest);
      rest = '';
    }
    yield lines;
  }
  yield [rest + decoder.end()];
}
