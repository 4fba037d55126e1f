/** `canary diff`: main's contract against the canary's, without an orchestrator. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { contractLines, contractSummary, judgeChanges } from '../../contract/verdict.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { localConfig, mcpEndpointOf, serviceIn } from '../local-config.js';
import { parsePort } from '../option-values.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

const TIMEOUT_MS = 120_000;

interface DiffFlags {
  readonly port?: number;
  readonly config?: string;
  readonly json?: boolean;
}

const HELP = `
What a client of main can rely on: tools, prompts, resources, resource templates, their schemas and
hints, protocol versions and capabilities. A line begins with ! where the canary breaks it, with ~ where
\`contract\` in canary.yaml allows that, and with + where it does no harm.

Exit codes: 0 nothing breaks, 1 something does, or an instance does not answer, 2 usage or configuration.

Examples:
  canary diff mcp-scraper
  canary diff mcp-scraper --port 9000`;

export function diffCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('diff')
    .summary("compare the canary's contract with main's")
    .description('Compares what the running canary promises its clients with what main does.')
    .argument('<service>', 'the service, as in canary.yaml')
    .option('--port <port>', "another port on the canary's host", parsePort)
    .option('--config <file>', 'the configuration file')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action((service: string, flags: DiffFlags) => run(() => diff(io, service, flags)));
}

async function diff(io: Io, name: string, { port, config, json }: DiffFlags): Promise<ExitCode> {
  const service = serviceIn(localConfig(io, config), name);
  const { stable, canary, contract } = service;
  const other = { host: canary.host, port: port ?? canary.port };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { compareInstances } = await import('../../smoke/smoke.js');
  const comparing = compareInstances({ stable, canary: other }, mcpEndpointOf(service), signal);
  const doing = (): string => `reading what ${name} and its canary promise`;
  const compared = await withProgress(io, systemClock, doing, comparing);
  if (!compared.ok) throw new CommandError(compared.reason, EXIT.failed);
  const verdict = judgeChanges(compared.changes, contract ?? { breaking: 'refuse', allow: [] });
  if (json === true) io.out(JSON.stringify(verdict, null, 2));
  else io.out([...contractLines(verdict), `${name}: ${contractSummary(verdict)}`].join('\n'));
  return verdict.refused > 0 ? EXIT.failed : EXIT.ok;
}
