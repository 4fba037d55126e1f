/** `canary logs`: what both instances of a service print, side by side. */
import { Option, type Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import {
  sourcesOf,
  type LogFilesReply,
  type LogSource,
  type LogTrack,
} from '../../control/log-files.js';
import { CommandError, EXIT, ask, tryAsk, type ExitCode, type Io } from '../io.js';
import { follow, logLine, printEnds } from '../logs/logs.js';
import { wholeNumber } from '../option-values.js';
import type { Runner } from '../runner.js';

interface LogFlags {
  readonly track?: LogTrack;
  readonly lines: number;
  readonly follow?: boolean;
}

const TRACKS = ['stable', 'canary'] as const satisfies readonly LogTrack[];
const MAX_LINES = 10_000;

const HELP = `
The files are those that PM2 writes for main and for the canary. What would steer the terminal is
shown instead of done. Rotated and truncated files are followed.

Examples:
  canary logs mcp-scraper --follow
  canary logs mcp-scraper --track canary --lines 200 | grep Traceback`;

export function logsCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('logs')
    .summary('show the logs of main and of the canary')
    .description('Shows the end of the logs of both instances of a service, and follows them.')
    .argument('<service>', 'the service, as in canary.yaml')
    .addOption(new Option('--track <track>', 'one track only').choices(TRACKS))
    .option(
      '-n, --lines <count>',
      'so many of the last lines of each file',
      wholeNumber(0, MAX_LINES),
      20,
    )
    .option('-f, --follow', 'go on until Ctrl-C')
    .addHelpText('after', HELP)
    .action((service: string, flags: LogFlags) => run(() => logs(io, service, flags)));
}

async function logs(
  io: Io,
  service: string,
  { track, lines, follow: on }: LogFlags,
): Promise<ExitCode> {
  const path = `/v1/services/${encodeURIComponent(service)}/logs`;
  const tracks = track === undefined ? TRACKS : [track];
  let sources = sourcesOf(await ask<LogFilesReply>(io, 'GET', path), tracks);
  if (sources.length === 0 && on !== true) {
    throw new CommandError(`PM2 has no ${track ?? 'app'} of ${service} now`, EXIT.failed);
  }
  const print = (source: LogSource, line: string): void =>
    io.out(logLine(source, line, io.outColor === true));
  await printEnds(sources, lines, print);
  if (on !== true) return EXIT.ok;
  const now = async (): Promise<readonly LogSource[]> => {
    const reply = await tryAsk<LogFilesReply>(io, path);
    // Without an orchestrator the files are where they were.
    if (reply.kind === 'ok') sources = sourcesOf(reply.body, tracks);
    return sources;
  };
  await follow({ clock: systemClock, sources: now, print, stopped: undefined });
  return EXIT.ok;
}
