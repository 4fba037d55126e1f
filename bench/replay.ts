/** `npm run bench:replay`: how many lines a second `canary replay` judges, on recordings of two hours. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { runCli } from '../orchestrator/cli/program.js';
import { Random } from './judge/random.js';

const FILES = 40;
const WINDOW_MS = 7_200_000;
const SESSIONS = 600;
const CALLS_PER_SESSION = 20;
const SAMPLE_EVERY_MS = 5_000;

const dir = mkdtempSync(join(tmpdir(), 'canary-replay-'));
try {
  let lines = 0;
  for (let i = 0; i < FILES; i += 1) {
    const recording = recordingOf(i);
    lines += recording.length;
    writeFileSync(join(dir, `${i}.jsonl`), `${recording.join('\n')}\n`);
  }
  const verdicts: string[] = [];
  const beganMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const code = await runCli(['replay', dir, '--json'], {
    out: (text) => verdicts.push(text),
    err: (text) => process.stderr.write(`${text}\n`),
    env: {},
    cwd: dir,
    color: false,
  });
  const seconds = (performance.now() - beganMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const megabytes = statSync(join(dir, '0.jsonl')).size / 1e6;
  process.stdout.write(
    `${FILES} recordings of ${Math.round(lines / FILES)} lines (${megabytes.toFixed(1)} MB) in ${seconds.toFixed(2)} s: ` +
      `${Math.round(lines / seconds)} lines/s, ${Math.round(lines / cpuSeconds)} lines a CPU second; ${verdicts.length} verdicts, exit code ${code}\n`,
  );
} finally {
  rmSync(dir, { recursive: true });
}

/** Two hours of a healthy canary at 10 %: calls of sessions that overlap, and samples of both processes. */
function recordingOf(seed: number): readonly string[] {
  const random = new Random(seed);
  const events: { atMs: number }[] = [];
  for (let session = 0; session < SESSIONS; session += 1) {
    const track = random.chance(0.1) ? 'canary' : 'stable';
    const beganMs = random.uniform() * (WINDOW_MS - 600_000);
    for (let call = 0; call < CALLS_PER_SESSION; call += 1) {
      events.push({
        type: 'call',
        atMs: Math.round(beganMs + random.uniform() * 600_000),
        track,
        session: `s${session}`,
        tool: `tool-${Math.floor(random.uniform() * 10)}`,
        outcome: random.chance(0.01) ? 'http_error' : 'ok',
        latencyMs: Math.round(-200 * Math.log(1 - random.uniform())) / 10,
      } as { atMs: number });
    }
  }
  for (let atMs = SAMPLE_EVERY_MS; atMs < WINDOW_MS; atMs += SAMPLE_EVERY_MS) {
    for (const track of ['stable', 'canary']) {
      const rssBytes = 180e6 + Math.round(random.uniform() * 1e6);
      const life = { restarts: 0, uptimeMs: atMs, sessionsOpened: 0, calls: 0 };
      events.push({ type: 'process', atMs, track, rssBytes, ...life } as { atMs: number });
    }
  }
  events.sort((a, b) => a.atMs - b.atMs);
  const rollout = {
    type: 'rollout',
    service: 's',
    startedAtMs: 0,
    windowMs: WINDOW_MS,
    weight: 0.1,
  };
  return [rollout, ...events].map((event) => JSON.stringify(event));
}
