/** `canary ecosystem`: where the file is that starts this program's two processes under PM2. */
import type { Command } from 'commander';
import { ecosystemFile } from '../../../common/package.js';
import type { Io } from '../io.js';

export function ecosystemCommand(program: Command, io: Io): void {
  program
    .command('ecosystem')
    .summary('print the path of the ecosystem file that starts both processes')
    .description(
      'Prints the path of the installed ecosystem file. In the folder of canary.yaml, `pm2 start "$(canary ecosystem)"` starts canary-proxy and canary-orchestrator.',
    )
    .action(() => io.out(ecosystemFile()));
}
