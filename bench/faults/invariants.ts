/** What must hold after every run, whatever happened in it (pure). Each violation is one sentence. */
import type { Route } from '../../common/protocol.js';
import type { Runs } from '../proxy/runs.js';
import type { AgentCall } from './agents.js';
import { isExcused, mayHang, type Excuse } from './excuse.js';
import type { Facts, ListedApp } from './facts.js';

export interface Outcome {
  readonly facts: Facts;
  readonly calls: readonly AgentCall[];
  /** Of the calls to `append`. */
  readonly runs: Runs;
  readonly excuses: readonly Excuse[];
  /** When another hand last started main from its own file; 0: never. Unix milliseconds. */
  readonly mainReplacedAtMs: number;
  /** The orchestrator's memory was destroyed: it need not know of the rollout. */
  readonly historyLost: boolean;
  readonly names: { readonly main: string; readonly canary: string };
}

type Invariant = (outcome: Outcome) => readonly string[];

const MAX_TOLD = 3;

/** All violations; none when everything holds. */
export function violationsOf(outcome: Outcome): readonly string[] {
  return INVARIANTS.flatMap((invariant) => invariant(outcome));
}

const INVARIANTS: readonly Invariant[] = [
  noFailedCall,
  noHang,
  nothingRanTwice,
  whatSucceededRan,
  theRolloutEnded,
  mainRunsOneRelease,
  historyTellsTheTruth,
  noStrayCanary,
  noSecondProcess,
  trafficOnMain,
  dumpTellsTheTruth,
];

function noFailedCall({ calls, excuses }: Outcome): string[] {
  const failed = calls.filter((call) => call.error !== null && !isExcused(call, excuses));
  return failed
    .slice(0, MAX_TOLD)
    .map(
      ({ kind, tool, fromMs, toMs, error }) =>
        `${failed.length} calls failed: ${kind} ${tool} from ${fromMs} for ${toMs - fromMs} ms: ${error ?? ''}`,
    );
}

/** The client gave up waiting: its error is the SDK's own. */
function noHang({ calls, excuses }: Outcome): string[] {
  const hung = calls.filter(
    (call) => call.error?.includes('Request timed out') === true && !mayHang(call, excuses),
  );
  return hung
    .slice(0, MAX_TOLD)
    .map(({ kind, tool, fromMs }) => `${hung.length} calls hung: ${kind} ${tool} from ${fromMs}`);
}

function nothingRanTwice({ runs }: Outcome): string[] {
  const twice = [...runs].filter(([, times]) => times.length > 1);
  return twice.slice(0, MAX_TOLD).map(([key, times]) => `append ${key} ran ${times.length} times`);
}

function whatSucceededRan({ calls, runs }: Outcome): string[] {
  const missing = calls.filter(
    ({ tool, error, key, toolFailed }) =>
      tool === 'append' && error === null && !toolFailed && !runs.has(key),
  );
  return missing.slice(0, MAX_TOLD).map(({ key }) => `append ${key} was answered but never ran`);
}

function theRolloutEnded({ facts: { rollout }, historyLost }: Outcome): string[] {
  if (rollout === null && historyLost) return [];
  if (rollout === null) return ['the orchestrator does not tell of the rollout'];
  if (rollout.endedAtMs !== null) return [];
  return [`the rollout did not end: ${rollout.phase} (${rollout.waitingFor ?? rollout.reason})`];
}

function mainRunsOneRelease({ facts: { main, apps }, names }: Outcome): string[] {
  if (main === null) return ["nobody listens on main's port"];
  const listed = apps.filter(({ name }) => name === names.main);
  const [app] = listed;
  if (app === undefined || listed.length > 1)
    return [`PM2 has ${listed.length} apps ${names.main}`];
  const said = [main.cwd, main.release, app.cwd, app.release];
  const mixture = new Set(said).size === 1 ? [] : [`main is a mixture: ${said.join(', ')}`];
  const stranger =
    app.pid === main.pid ? [] : [`main's port is held by ${main.pid}, PM2 says ${app.pid}`];
  return [...mixture, ...stranger];
}

function historyTellsTheTruth({ facts, mainReplacedAtMs }: Outcome): string[] {
  const { rollout, main } = facts;
  if (rollout === null || main === null) return [];
  const wanted = rollout.phase === 'promoted' ? 'new' : 'old';
  const isReplaced = mainReplacedAtMs > (rollout.endedAtMs ?? Infinity);
  const truth =
    main.release === wanted || isReplaced
      ? []
      : [`${rollout.phase}, but main runs ${main.release}`];
  const moves = rollout.transitions;
  const gaps = moves.filter(({ from }, i) => i > 0 && moves[i - 1]?.to !== from);
  const last = moves.at(-1)?.to ?? rollout.phase;
  return [
    ...truth,
    ...gaps.map(({ seq, from }) => `the history has a gap before its entry ${seq} (from ${from})`),
    ...(last === rollout.phase ? [] : [`the history ends with ${last}, not ${rollout.phase}`]),
  ];
}

function noStrayCanary({ facts: { apps, onCanaryPort, processes }, names }: Outcome): string[] {
  const marked = processes.filter(({ mark }) => mark !== null);
  return [
    ...apps.filter(({ name }) => name === names.canary).map(() => 'PM2 still has the canary'),
    ...(onCanaryPort === null ? [] : [`process ${onCanaryPort} holds the canary's port`]),
    ...marked.map(({ pid, script }) => `process ${pid} of the canary still lives: ${script}`),
  ];
}

const SCRIPTS = ['orchestrator/main.js', 'proxy/main.js', 'proxy/worker.js'].map(
  (script) => `/dist/${script}`,
);

/** One proxy with its holder, one orchestrator, their two sockets, and nothing else under PM2. */
function noSecondProcess({ facts: { apps, processes, sockets }, names }: Outcome): string[] {
  const wanted = [names.main, 'canary-orchestrator', 'canary-proxy'];
  const others = apps.filter(({ name }) => ![...wanted, names.canary].includes(name));
  const notOnline = apps.filter(({ status }) => status !== 'online');
  const doubles = SCRIPTS.flatMap((script) => {
    const running = processes.filter((each) => each.script.includes(script));
    return running.length === 1 ? [] : [`${running.length} processes run ${script}`];
  });
  const expected = ['orchestrator.sock', 'proxy.sock'];
  const odd = sockets.filter((name) => !expected.includes(name));
  return [
    ...others.map(({ name }) => `PM2 has an app ${name}`),
    ...notOnline.map(({ name, status }) => `${name} is ${status}`),
    ...doubles,
    ...odd.map((name) => `there is a socket ${name}`),
  ];
}

function trafficOnMain({ facts: { route, storedRoute, ports } }: Outcome): string[] {
  if (route === null) return ['the proxy does not answer'];
  const stored =
    storedRoute === null || JSON.stringify(storedRoute) === JSON.stringify(route)
      ? []
      : [`the proxy stored ${JSON.stringify(storedRoute)}, and routes ${JSON.stringify(route)}`];
  return isAllOnMain(route, ports.stable)
    ? stored
    : [...stored, `the traffic is not on main alone: ${JSON.stringify(route)}`];
}

function isAllOnMain({ tracks: { stable, canary, baseline } }: Route, port: number): boolean {
  const others = [canary, baseline].filter((track) => track !== undefined);
  return stable.port === port && stable.weight === 1 && !stable.drain && others.length === 0;
}

/** A reboot would bring back what runs now. */
function dumpTellsTheTruth({ facts, mainReplacedAtMs, historyLost, names }: Outcome): string[] {
  // Nobody else's start or loss is written into the dump.
  if (mainReplacedAtMs > 0 || historyLost) return [];
  const { dumped, main } = facts;
  const stray = dumped.filter(({ name }) => name === names.canary);
  const mains = dumped.filter(({ name }) => name === names.main);
  const wrong = (app: ListedApp): boolean =>
    main !== null && (app.release !== main.release || app.cwd !== main.cwd);
  return [
    ...stray.map(() => 'the dump of PM2 has the canary'),
    ...mains.filter(wrong).map(({ release }) => `the dump of PM2 has main on ${release}`),
  ];
}
