/**
 * `npm run bench:leaks`: does the judge tell a real leak from a frightening warm-up? Real servers,
 * real memory: a stable instance that is warm and a fresh canary get 3,000 sessions each. The
 * clock that the judge is told runs faster, so that they make its window of two hours.
 *
 *   leak       server-everything over HTTP whose canary's sessions are never DELETEd
 *   sse        server-everything over legacy SSE: healthy, but large at first
 *   stateless  a handler of the SDK's second generation: healthy, but large at first
 *
 * Exits 0 only if the leak is caught and the healthy ones are not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../common/package.js';
import type { Track } from '../../common/protocol.js';
import { loadConfigText } from '../../config/load.js';
import type { JudgePolicy } from '../../config/types.js';
import { EVERYTHING } from '../../demo/everything.js';
import { freePort } from '../../demo/free-port.js';
import { createJudge } from '../../orchestrator/judge/judge.js';
import type { Assessment, EvidenceEvent } from '../../orchestrator/judge/types.js';
import { treeRssBytes } from '../../orchestrator/proc/tree.js';
import { listens } from '../proxy/processes.js';
import { sseSession, statelessSession, streamableSession, type Session } from './sessions.js';

const SESSIONS = 3_000;
const WARM_UP_SESSIONS = 600;
const WINDOW_MS = 7_200_000;
/** Real time for the window. */
const RUN_MS = 150_000;
const SPEED = WINDOW_MS / RUN_MS;
const SAMPLE_MS = 5_000 / SPEED;
const BOOT_TIMEOUT_MS = 20_000;
const LIMIT_BYTES = 380e6;

interface Scene {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly stable: Session;
  readonly canary: Session;
  readonly caught: boolean;
}

const stateless = join(packageRoot(), 'dist', 'bench', 'leaks', 'stateless-server.js');

const SCENES: readonly Scene[] = [
  {
    name: 'leak',
    script: EVERYTHING,
    args: ['streamableHttp'],
    stable: streamableSession(true),
    canary: streamableSession(false),
    caught: true,
  },
  {
    name: 'sse',
    script: EVERYTHING,
    args: ['sse'],
    stable: sseSession,
    canary: sseSession,
    caught: false,
  },
  {
    name: 'stateless',
    script: stateless,
    args: [],
    stable: statelessSession,
    canary: statelessSession,
    caught: false,
  },
];

/** A server with what it has served. */
class Instance {
  sessionsOpened = 0;
  readonly startedAtMs = Date.now();
  readonly origin: string;
  readonly child: ChildProcess;

  constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  get rssBytes(): number {
    return treeRssBytes(this.child.pid ?? 0);
  }

  async serve(session: Session): Promise<void> {
    await session(this.origin);
    this.sessionsOpened += 1;
  }
}

async function startInstance({ script, args }: Scene): Promise<Instance> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: 'ignore' });
  const deadlineMs = Date.now() + BOOT_TIMEOUT_MS;
  while (!(await listens(port))) {
    if (Date.now() > deadlineMs) throw new Error(`${script} does not listen on ${port}`);
    await delay(50);
  }
  return new Instance(child, port);
}

/** Sessions at an even pace; what a slow server delays is made up for. */
async function load(instance: Instance, session: Session, beganMs: number): Promise<void> {
  for (let made = 0; made < SESSIONS; made += 1) {
    const dueMs = beganMs + (made * RUN_MS) / SESSIONS;
    await delay(Math.max(0, dueMs - Date.now()));
    await instance.serve(session);
  }
}

async function play(scene: Scene, policy: JudgePolicy): Promise<Assessment> {
  const stable = await startInstance(scene);
  const instances = [stable];
  try {
    for (let made = 0; made < WARM_UP_SESSIONS; made += 1) await stable.serve(scene.stable);
    stable.sessionsOpened = 0;
    const canary = await startInstance(scene);
    instances.push(canary);
    const judge = createJudge(policy);
    const beganMs = Date.now();
    const told = (): number => Math.round((Date.now() - beganMs) * SPEED);
    const rollout = {
      startedAtMs: 0,
      windowMs: WINDOW_MS,
      weight: 0.5,
      rssLimitBytes: LIMIT_BYTES,
    };
    judge.add({ type: 'rollout', service: scene.name, ...rollout });
    const finished = new AbortController();
    const sampling = sample(finished.signal, () => {
      judge.add(looked('stable', stable, told()));
      judge.add(looked('canary', canary, told()));
    });
    await Promise.all([
      load(stable, scene.stable, beganMs),
      load(canary, scene.canary, beganMs),
    ]).finally(() => finished.abort());
    await sampling;
    const assessment = judge.assess(told());
    process.stdout.write(
      `${scene.name}: ${megabytes(stable)} stable, ${megabytes(canary)} canary\n`,
    );
    return assessment;
  } finally {
    for (const { child } of instances) child.kill('SIGKILL');
  }
}

async function sample(signal: AbortSignal, take: () => void): Promise<void> {
  const finished = (): boolean => signal.aborted;
  while (!finished()) {
    take();
    await delay(SAMPLE_MS);
  }
}

function looked(track: Track, instance: Instance, atMs: number): EvidenceEvent {
  const { rssBytes, sessionsOpened, startedAtMs } = instance;
  const uptimeMs = Math.round((Date.now() - startedAtMs) * SPEED);
  const calls = 2 * sessionsOpened;
  return { type: 'process', atMs, track, rssBytes, restarts: 0, uptimeMs, sessionsOpened, calls };
}

function megabytes({ rssBytes }: Instance): string {
  return `${(rssBytes / 1e6).toFixed(0)} MB`;
}

function defaultPolicy(): JudgePolicy {
  const text = 'services: {s: {listen: 1, stable: 2, canary: 3}}';
  const loaded = loadConfigText('defaults', text, process.env);
  const service = loaded.ok ? loaded.config.services['s'] : undefined;
  if (service === undefined) throw new Error('the defaults do not load');
  return service.judge;
}

let right = true;
for (const scene of SCENES) {
  const assessment = await play(scene, defaultPolicy());
  const memory = assessment.checks.find(({ check }) => check === 'memory');
  const caught = memory?.state === 'fail';
  right &&= caught === scene.caught;
  const verdict = caught === scene.caught ? 'as it should' : 'NOT as it should';
  process.stdout.write(`  ${verdict}: ${memory?.state ?? 'no check'}: ${memory?.reason ?? ''}\n`);
}
process.exitCode = right ? 0 : 1;
