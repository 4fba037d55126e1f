/** `canary smoke` and `canary smoke record`: the smoke suite by hand, without an orchestrator. */
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { formatProblems } from '../../../config/problem.js';
import type { HostPort, ServiceConfig } from '../../../config/types.js';
import { parseDuration } from '../../../config/units.js';
import { junit } from '../../smoke/junit.js';
import { caseLines, hasPassed, suiteSummary } from '../../smoke/report.js';
import type { Suite } from '../../smoke/suite.js';
import { duration } from '../format.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { localConfig, mcpEndpointOf, serviceIn } from '../local-config.js';
import { parsePort } from '../option-values.js';
import { writeNewOutput, writeOutput } from '../output-file.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

/** For a suite whose service has no smoke test with a time of its own. */
const DEFAULT_TIMEOUT_MS = 600_000;

interface TargetFlags {
  readonly config?: string;
  readonly port?: number;
  readonly track?: 'stable' | 'canary';
}

interface SmokeFlags extends TargetFlags {
  readonly suite?: string;
  readonly junit?: string;
  readonly json?: boolean;
}

interface RecordFlags {
  readonly config?: string;
  readonly output?: string;
  readonly port?: number;
  readonly timeout: number;
}

const HELP = `
The suite is the service's \`smoke\` in canary.yaml, or the file that --suite names. Its calls go to the
instance itself, not through canary-proxy: to main, unless --track or --port says otherwise. Tools that
are not annotated read-only run only where the suite says \`writes: true\`.

Exit codes: 0 all passed, 1 any failed, 2 usage, configuration or suite.

Examples:
  canary smoke record mcp-scraper -o smoke/mcp-scraper.yaml
  canary smoke mcp-scraper
  canary smoke mcp-scraper --port 9000 --junit smoke.xml`;

const RECORD_HELP = `
Each tool of main that is annotated read-only is called once, with the values that its schema offers
(const, default, examples, enum) for what is required. What worked stands in the suite, what did not is
listed as comments. Answers are not recorded.

Exit codes: 0 written, 1 main does not answer or no tool can be called, 2 usage or configuration.`;

export function smokeCommand(program: Command, io: Io, run: Runner): void {
  const command = program
    .command('smoke')
    .summary('run the smoke suite by hand')
    .description('Runs the smoke suite of a service against one instance.')
    .argument('<service>', 'the service, as in canary.yaml')
    .option('--track <track>', 'stable or canary (default: stable)', parseTrack)
    .option('--port <port>', 'another port on the host of main', parsePort)
    .option('--suite <file>', 'another suite than the configured one')
    .option('--junit <file>', 'write the report as JUnit XML too')
    .option('--config <file>', 'the configuration file')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action((service: string, flags: SmokeFlags) => run(() => smoke(io, service, flags)));
  command
    .command('record')
    .summary('write a first suite')
    .description("Writes a first suite from main's read-only tools.")
    .argument('<service>', 'the service, as in canary.yaml')
    .option('-o, --output <file>', 'write it to a new file instead of the output')
    .option('--port <port>', 'another port on the host of main', parsePort)
    .option('--timeout <duration>', 'leave out tools that are slower', parseTimeout, 10_000)
    .option('--config <file>', 'the configuration file')
    .addHelpText('after', RECORD_HELP)
    // An option that both commands have is taken by the outer one wherever it stands.
    .action((service: string, flags: RecordFlags, own: Command) =>
      run(() => record(io, service, { ...flags, ...own.optsWithGlobals<RecordFlags>() })),
    );
}

async function smoke(io: Io, name: string, flags: SmokeFlags): Promise<ExitCode> {
  if (flags.port !== undefined && flags.track !== undefined) {
    throw new CommandError('--port goes without --track', EXIT.usage);
  }
  const service = serviceIn(localConfig(io, flags.config), name);
  const suite = await suiteOf(io, service, flags.suite);
  const at = targetOf(service, flags);
  const timeoutMs = service.smoke?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  const options = { clock: systemClock, signal, quotes: true };
  const { runSuite } = await import('../../smoke/run.js');
  const running = runSuite(at, mcpEndpointOf(service), suite, options);
  const doing = (): string => `${suite.calls.length} calls to ${name} on port ${at.port}`;
  const report = await withProgress(io, systemClock, doing, running);
  if (flags.junit !== undefined) await writeOutput(io, flags.junit, junit(name, report));
  if (flags.json === true) io.out(JSON.stringify(report, null, 2));
  else {
    const summary = `${name} on port ${at.port}: ${suiteSummary(report)} in ${duration(report.tookMs)}`;
    io.out([...caseLines(report), summary].join('\n'));
  }
  return hasPassed(report) ? EXIT.ok : EXIT.failed;
}

async function suiteOf(
  io: Io,
  { name, smoke }: ServiceConfig,
  flag: string | undefined,
): Promise<Suite> {
  const file = flag === undefined ? smoke?.suite : resolve(io.cwd, flag);
  if (file === undefined) {
    const hint = `\`canary smoke record ${name}\` writes a first one`;
    throw new CommandError(
      `${name} has no smoke suite: name one with --suite; ${hint}`,
      EXIT.usage,
    );
  }
  const { readSuite } = await import('../../smoke/suite.js');
  const reading = readSuite(file);
  if (reading.ok) return reading.suite;
  throw new CommandError(formatProblems(reading.problems, { color: io.color }), EXIT.usage);
}

function targetOf({ stable, canary }: ServiceConfig, { port, track }: TargetFlags): HostPort {
  if (port !== undefined) return { host: stable.host, port };
  return track === 'canary' ? canary : stable;
}

async function record(
  io: Io,
  name: string,
  { config, output, port, timeout }: RecordFlags,
): Promise<ExitCode> {
  const service = serviceIn(localConfig(io, config), name);
  const { recordSuite } = await import('../../smoke/record.js');
  const recording = await recordSuite(
    targetOf(service, port === undefined ? {} : { port }),
    mcpEndpointOf(service),
    {
      clock: systemClock,
      signal: AbortSignal.timeout(DEFAULT_TIMEOUT_MS),
      timeoutMs: timeout,
    },
  );
  if (!recording.ok) throw new CommandError(`nothing recorded: ${recording.reason}`, EXIT.failed);
  const { text, calls, leftOut } = recording;
  if (output === undefined) {
    io.out(text.trimEnd());
    return EXIT.ok;
  }
  await writeNewOutput(io, output, text, 'name another, or put it aside');
  io.out(`${calls} calls written to ${output}, ${leftOut} tools left out`);
  return EXIT.ok;
}

function parseTrack(text: string): 'stable' | 'canary' {
  if (text === 'stable' || text === 'canary') return text;
  throw new InvalidArgumentError('wanted stable or canary.');
}

function parseTimeout(text: string): number {
  const parsed = parseDuration(text, { minMs: 100, maxMs: 600_000 });
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError(`wanted ${parsed.wanted}.`);
}
