/** `canary reload`: the proxy goes on with another program or configuration. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { homeFrom } from '../../../common/home.js';
import { NOT_BOUND_YET, type ProxyState } from '../../../common/protocol.js';
import { proxyClient, type ProxyAdmin } from '../../proxy-client.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import type { Runner } from '../runner.js';

/** How long a new process may take to load, and the old one to drain: longer than both limits. */
const LOAD_LIMIT_MS = 65_000;
const HANDOVER_LIMIT_MS = 60_000;
const POLL_MS = 50;

export function reloadCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('reload')
    .summary('load the proxy anew, without a gap')
    .description(
      'Has canary-proxy go on with the program and canary.yaml as they are now. A new process is loaded first, the old one finishes its calls, and connections wait meanwhile: none is refused, and sessions stay. When the new process cannot be loaded, the old one stays. The orchestrator is restarted by pm2 restart canary-orchestrator.',
    )
    .action(() => run(() => reload(io)));
}

async function reload(io: Io): Promise<ExitCode> {
  const proxy = proxyClient(homeFrom(io.env).proxySocket);
  const before = await proxy.state();
  if (before.kind === 'down') throw refused(before.reason);
  const reply = await proxy.reload(LOAD_LIMIT_MS);
  if (reply.kind === 'down') throw refused(reply.reason);
  const after = await successorOf(before.value, proxy);
  const { pid, build } = after;
  io.out(
    `canary-proxy: process ${before.value.pid} gave way to ${pid}, version ${build?.version ?? 'unknown'}`,
  );
  const deaf = Object.values(after.services).filter(({ listening }) => !listening);
  for (const { service, listenError } of deaf)
    io.err(`${service} cannot be served yet: ${listenError ?? NOT_BOUND_YET}`);
  return deaf.length === 0 ? EXIT.ok : EXIT.failed;
}

/**
 * The process that follows, when it has tried all its ports.
 * @throws CommandError when none answers in time.
 */
async function successorOf({ pid }: ProxyState, proxy: ProxyAdmin): Promise<ProxyState> {
  const deadlineMs = systemClock.now() + HANDOVER_LIMIT_MS;
  while (systemClock.now() < deadlineMs) {
    const state = await proxy.state();
    if (state.kind === 'ok' && state.value.pid !== pid && hasTried(state.value)) return state.value;
    await systemClock.sleep(POLL_MS);
  }
  throw refused(`process ${pid} was to give way, and no other one serves`);
}

function hasTried({ services }: ProxyState): boolean {
  return Object.values(services).every(({ listenError }) => listenError !== NOT_BOUND_YET);
}

function refused(reason: string): CommandError {
  return new CommandError(`canary-proxy was not reloaded: ${reason}`, EXIT.failed);
}
