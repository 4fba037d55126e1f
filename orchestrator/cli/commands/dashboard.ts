/** `canary dashboard`: where the dashboard is, with the token that lets a browser act. */
import type { Command } from 'commander';
import { createHome, homeFrom } from '../../../common/home.js';
import { formatAddress } from '../../../config/units.js';
import { dashboardToken } from '../../dashboard/token.js';
import { EXIT, type ExitCode, type Io } from '../io.js';
import { localConfig } from '../local-config.js';
import type { Runner } from '../runner.js';

export function dashboardCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('dashboard')
    .summary("print the dashboard's address and token")
    .description(
      "Prints the dashboard's address. Anyone on this machine can look; who opens it with the token can also start, pause, promote and roll back. The part after # stays in the browser.",
    )
    .option('--json', 'print it as JSON')
    .action(({ json }: { readonly json?: boolean }) => run(() => dashboard(io, json === true)));
}

function dashboard(io: Io, json: boolean): Promise<ExitCode> {
  const { orchestrator } = localConfig(io, undefined);
  const home = homeFrom(io.env);
  createHome(home);
  const url = `http://${formatAddress(orchestrator.listen)}/`;
  const token = dashboardToken(home.tokenFile);
  if (json) io.out(JSON.stringify({ url, token }, null, 2));
  else {
    io.out(`to look   ${url}`);
    io.out(`to act    ${url}#token=${token}`);
  }
  return Promise.resolve(EXIT.ok);
}
