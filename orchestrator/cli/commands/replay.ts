/** `canary replay`: runs the judge over recorded rollouts, without an orchestrator. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { messageOf } from '../../../common/message-of.js';
import { loadConfig } from '../../../config/load.js';
import { formatProblems } from '../../../config/problem.js';
import { defaultService } from '../../../config/resolve.js';
import type { CanaryConfig } from '../../../config/types.js';
import type { ReplayPolicy, ReplayVerdict } from '../../judge/replay.js';
import type { RolloutEvent } from '../../judge/types.js';
import { duration } from '../format.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { judgeRecording, recordingsAt } from '../recording.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

interface ReplayFlags {
  readonly config?: string;
  readonly service?: string;
  readonly json?: boolean;
}

type Verdict = ReplayVerdict['verdict'];

const HELP = `
A recording is what "canary export" writes; a folder's are its .jsonl, .ndjson and .json files.
Without --config the policy is the default one. With it, it is that of --service, else of the
service that the recording names.

Exit codes: 0 all pass, 3 any fails, 4 any is inconclusive and none fails, 2 bad input or usage.

Examples:
  canary export mcp-scraper-7 --output rollouts/7.jsonl
  canary replay rollouts --config canary.yaml`;

export function replayCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('replay')
    .summary('judge recorded rollouts again')
    .description('Runs the judge over recorded rollouts: try a policy on your own past.')
    .argument('<path>', 'a recording, or a folder of them')
    .option('--config <file>', 'judge by the policy of this canary.yaml')
    .option('--service <name>', 'the service of --config whose policy it is')
    .option('--json', 'print one line of JSON a recording')
    .addHelpText('after', HELP)
    .action((path: string, flags: ReplayFlags) => run(() => replay(io, path, flags)));
}

async function replay(io: Io, path: string, flags: ReplayFlags): Promise<ExitCode> {
  const policyFor = policies(io, flags);
  const recordings = await recordingsAt(path, io.cwd).catch(() => null);
  if (recordings === null) throw new CommandError(`${path} cannot be read`, EXIT.usage);
  if (recordings.length === 0) {
    throw new CommandError(`${path} has no .jsonl, .ndjson or .json file`, EXIT.usage);
  }
  const counts: Record<Verdict, number> = { pass: 0, fail: 0, inconclusive: 0 };
  let unreadable = 0;
  for (const recording of recordings) {
    const { name } = recording;
    const judging = judgeRecording(recording, policyFor);
    const doing = (): string => `judging ${name}`;
    const judged = await withProgress(io, systemClock, doing, judging).catch((error: unknown) => {
      if (error instanceof CommandError) throw error;
      const why = messageOf(error);
      return { ok: false as const, problems: [`${name}: ${why}`] };
    });
    if (judged.ok) {
      counts[judged.verdict.verdict] += 1;
      io.out(flags.json === true ? asJson(name, judged.verdict) : asText(name, judged.verdict));
    } else {
      unreadable += 1;
      for (const problem of judged.problems) io.err(problem);
    }
  }
  if (flags.json !== true && recordings.length > 1) {
    const { pass, fail, inconclusive } = counts;
    io.out(`${pass} pass, ${fail} fail, ${inconclusive} inconclusive, ${unreadable} bad`);
  }
  return exitCodeOf(counts, unreadable);
}

function exitCodeOf({ fail, inconclusive }: Record<Verdict, number>, unreadable: number): ExitCode {
  if (unreadable > 0) return EXIT.usage;
  if (fail > 0) return EXIT.rolledBack;
  return inconclusive > 0 ? EXIT.held : EXIT.ok;
}

/** Which policy a recording is judged by. */
function policies(
  io: Io,
  { config, service }: ReplayFlags,
): (rollout: RolloutEvent) => ReplayPolicy {
  if (config === undefined) {
    if (service !== undefined) throw new CommandError('--service goes with --config', EXIT.usage);
    const policy = defaultService();
    return () => policy;
  }
  const file = resolve(io.cwd, config);
  const loaded = loadConfig(file, io.env);
  if (!loaded.ok) {
    throw new CommandError(formatProblems(loaded.problems, { color: io.color }), EXIT.usage);
  }
  if (service !== undefined) {
    const policy = policyOf(loaded.config, service);
    return () => policy;
  }
  return (rollout) => policyOf(loaded.config, rollout.service);
}

function policyOf({ file, services }: CanaryConfig, name: string): ReplayPolicy {
  const policy = services[name];
  if (policy !== undefined) return policy;
  const known = Object.keys(services).join(', ');
  throw new CommandError(
    `there is no service ${name} in ${file}: it has ${known}; --service names one`,
    EXIT.usage,
  );
}

function asJson(file: string, verdict: ReplayVerdict): string {
  const { decidedAtMs, check, reason, checks } = verdict;
  return JSON.stringify({ file, verdict: verdict.verdict, decidedAtMs, check, reason, checks });
}

function asText(file: string, verdict: ReplayVerdict): string {
  const { decidedAtMs, startedAtMs, check, checks, reason } = verdict;
  const lines = checks.map((each) => `  ${each.state.padEnd(12)} ${each.check}: ${each.reason}`);
  const after = `${verdict.verdict} after ${duration(decidedAtMs - startedAtMs)}`;
  const why = verdict.verdict === 'pass' ? '' : ` (${check === null ? reason : check})`;
  return [`${file}: ${after}${why}`, ...lines].join('\n');
}
