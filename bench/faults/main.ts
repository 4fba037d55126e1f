/**
 * `npm run test:faults -- [--runs N] [--seed S] [--jobs J] [--only FAULT] [--keep DIR]`: the fault
 * campaign. Each run is a process of its own with a private PM2; run i has the seed S + i, and
 * `--seed X --runs 1` plays X again. Exits with 1 when an invariant was violated.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asFaultKind, type FaultKind } from './fault.js';
import { lineOf, summaryOf } from './report.js';
import type { RunResult } from './run.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
/** A run bounds all its waits; one that takes longer is broken. */
const RUN_TIMEOUT_MS = 300_000;
const MAX_OUTPUT_CHARS = 4_000;

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly only: FaultKind | null;
  readonly keepDir: string;
}

async function main(): Promise<void> {
  const options = optionsFrom(process.argv.slice(2));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const results: RunResult[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < options.runs) {
      const seed = options.seed + next;
      next += 1;
      const result = await runApart(seed, options);
      results.push(result);
      say(lineOf(result));
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  say(summaryOf(results));
  const violated = results.some(({ violations }) => violations.length > 0);
  if (violated) say(`Logs: ${options.keepDir}`);
  process.exitCode = violated ? 1 : 0;
}

function optionsFrom(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '4' },
      only: { type: 'string' },
      keep: { type: 'string', default: join(tmpdir(), 'canary-faults') },
    },
  });
  return {
    runs: wholeNumber('--runs', values.runs),
    seed: wholeNumber('--seed', values.seed),
    jobs: wholeNumber('--jobs', values.jobs),
    only: asFaultKind(values.only),
    keepDir: values.keep,
  };
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${flag} takes a whole number from 1, got ${text}`);
}

/** A run that breaks is a violation too. */
async function runApart(seed: number, { only, keepDir }: Options): Promise<RunResult> {
  const begunAt = performance.now();
  const child = spawn(process.execPath, [WORKER, String(seed), only ?? '', keepDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), RUN_TIMEOUT_MS);
  let out = '';
  let trouble = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString()).slice(-MAX_OUTPUT_CHARS);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (code === 0) return JSON.parse(out) as RunResult;
  return {
    seed,
    release: 'unknown',
    story: 'unknown',
    fired: [],
    end: 'unknown',
    calls: 0,
    excused: 0,
    violations: [`the run itself broke (${code ?? 'killed'}): ${trouble.trim()}`],
    ms: Math.round(performance.now() - begunAt),
  };
}

await main();
