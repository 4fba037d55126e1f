/** What the exhibit's processes print, in files as PM2 would write them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogFiles, LogFilesReply } from '../orchestrator/control/log-files.js';

const REQUESTS = Array.from(
  { length: 40 },
  (_, i) => `GET https://example.org/${i + 1} 200 in ${290 + ((i * 37) % 90)} ms`,
);
const FAILURE = ['Traceback (most recent call last):', '\u001b[31mKeyError: "title"\u001b[0m'];

/** Writes the logs of both tracks into the folder. */
export function writeLogs(dir: string): LogFilesReply {
  return { stable: written(dir, 'app', []), canary: written(dir, 'app-canary', FAILURE) };
}

function written(dir: string, app: string, errors: readonly string[]): LogFiles {
  const files = { out: join(dir, `${app}-out.log`), err: join(dir, `${app}-error.log`) };
  writeFileSync(files.out, REQUESTS.map((line) => `${line}\n`).join(''));
  writeFileSync(files.err, errors.map((line) => `${line}\n`).join(''));
  return files;
}
