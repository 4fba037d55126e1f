/** `canary explain`: why a rollout went as it did, and what would have changed it. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { RolloutView } from '../../control/messages.js';
import { explain, type Explanation } from '../../explain/explanation.js';
import { caseFileOf, rolloutMeant } from '../evidence.js';
import { EXIT, type ExitCode, type Io } from '../io.js';
import { hanging, lineOf, painted, type Line } from '../terminal/line.js';
import { checkLines } from '../watch/checks.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

const PIPED_COLUMNS = 100;

const HELP = `
What would have changed the verdict is found by judging the recorded evidence again, with a setting
or a number of errors changed: what is printed was tried. See docs/judging.md for how it is judged.

Examples:
  canary explain
  canary explain mcp-scraper
  canary explain mcp-scraper-7`;

export function explainCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('explain')
    .summary('say why a rollout went as it did')
    .description(
      'Says in sentences why a rollout went as it did, with the numbers, and what would have changed the verdict.',
    )
    .argument(
      '[rollout|service]',
      "the rollout, or a service's newest (default: the newest of all)",
    )
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action((name: string | undefined, { json }: { readonly json?: boolean }) =>
      run(() => explainRollout(io, name, json === true)),
    );
}

async function explainRollout(io: Io, name: string | undefined, json: boolean): Promise<ExitCode> {
  const view = await rolloutMeant(io, name);
  const doing = (): string => `judging ${view.id} again`;
  const explanation = await withProgress(io, systemClock, doing, explanationOf(io, view));
  if (json) io.out(JSON.stringify(explanation, null, 2));
  else {
    const columns = Math.min(io.screen?.columns ?? PIPED_COLUMNS, PIPED_COLUMNS);
    const lines = explanationLines(explanation, columns);
    io.out(lines.map((line) => painted(line, io.outColor === true)).join('\n'));
  }
  return EXIT.ok;
}

async function explanationOf(io: Io, view: RolloutView): Promise<Explanation> {
  const { recording, without } = await caseFileOf(io, view.id);
  return explain(view, recording, without);
}

/** As a terminal shows it (pure). */
function explanationLines(
  { summary, story, moves, checks, whatIf, limits }: Explanation,
  columns: number,
): Line[] {
  const listed = (sentences: readonly string[]): Line[] =>
    sentences.flatMap((text) => hanging(lineOf('- ', 'faint'), text, columns));
  return [
    ...hanging([], summary, columns, 'strong'),
    ...section('What happened', listed([...story, ...moves])),
    ...section('What the checks said', checkLines(checks, columns)),
    ...section('What would have changed the verdict', listed(whatIf)),
    ...section('Bear in mind', listed(limits)),
  ];
}

function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[], lineOf(title, 'strong'), ...lines];
}
