/** `canary report`: a rollout as one file, for a pull request or a review. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { RolloutView } from '../../control/messages.js';
import { RolloutSeries } from '../../dashboard/series.js';
import type { SeriesPatch } from '../../dashboard/messages.js';
import { explain } from '../../explain/explanation.js';
import type { Recording } from '../../explain/retrial.js';
import { contentOf, type Content } from '../../report/content.js';
import { reportHtml } from '../../report/html.js';
import { reportMarkdown } from '../../report/markdown.js';
import { caseFileOf, rolloutMeant } from '../evidence.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { writeOutput } from '../output-file.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

interface ReportFlags {
  readonly html?: boolean;
  readonly md?: boolean;
  readonly output?: string;
}

const HELP = `
The file needs nothing else: no scripts, no network. Environments' values are masked, as in the plan.
Without --html and --md the end of --output decides.

Examples:
  canary report mcp-scraper-7 --html --output 7.html
  canary report mcp-scraper --md | gh pr comment --body-file -`;

export function reportCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('report')
    .summary('write a rollout down as one file')
    .description(
      'Writes a report of a rollout: verdict with reasons, charts, timeline, plan and what would have changed the verdict.',
    )
    .argument('<rollout|service>', "the rollout, or a service's newest")
    .option('--html', 'as a web page with charts')
    .option('--md', 'as Markdown')
    .option('-o, --output <file>', 'write it to a file instead of the output')
    .addHelpText('after', HELP)
    .action((name: string, flags: ReportFlags) => run(() => report(io, name, flags)));
}

async function report(io: Io, name: string, flags: ReportFlags): Promise<ExitCode> {
  const write = writerFor(flags);
  const view = await rolloutMeant(io, name);
  const doing = (): string => `reading what was recorded of ${view.id}`;
  const content = await withProgress(io, systemClock, doing, contentFor(io, view));
  const text = write(content);
  if (flags.output === undefined) io.out(text.trimEnd());
  else {
    await writeOutput(io, flags.output, text);
    io.out(`${view.id} written to ${flags.output}`);
  }
  return EXIT.ok;
}

function writerFor({ html, md, output = '' }: ReportFlags): (content: Content) => string {
  if (html === true && md === true) {
    throw new CommandError('--html goes without --md', EXIT.usage);
  }
  if (html === true || (md !== true && /\.html?$/i.test(output))) return reportHtml;
  if (md === true || /\.(md|markdown)$/i.test(output)) return reportMarkdown;
  throw new CommandError('wanted --html or --md', EXIT.usage);
}

async function contentFor(io: Io, view: RolloutView): Promise<Content> {
  const { plan, recording, without } = await caseFileOf(io, view.id);
  const explanation = explain(view, recording, without);
  const series = recording === null ? null : seriesOf(view.id, recording);
  return contentOf({ view, plan, explanation, series, nowMs: systemClock.now() });
}

function seriesOf(id: string, { policy, rollout, events }: Recording): SeriesPatch {
  const { judge, checks, intervalMs } = policy;
  const series = new RolloutSeries({ id, trial: rollout, judge, checks, intervalMs });
  for (const event of events) series.add(event, true);
  return series.patch(0);
}
