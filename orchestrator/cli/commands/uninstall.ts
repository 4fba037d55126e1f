/** `canary uninstall`: takes the proxy out of a service's path. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { homeFrom } from '../../../common/home.js';
import type { CanaryConfig, ServiceConfig } from '../../../config/types.js';
import { formatDuration } from '../../../config/units.js';
import type { ServiceView } from '../../control/messages.js';
import { createPm2, type Pm2 } from '../../pm2/adapter.js';
import { portOwner } from '../../proc/ports.js';
import { proxyClient } from '../../proxy-client.js';
import { because } from '../../refusals.js';
import { leftToDo, planText, planUninstall, type UninstallPlan } from '../../uninstall/plan.js';
import { ask, CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { localConfig, serviceIn } from '../local-config.js';
import type { Runner } from '../runner.js';

const PM2_TIMEOUT_MS = 5_000;

interface UninstallFlags {
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function uninstallCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('uninstall')
    .summary("take the proxy out of a service's path")
    .description(
      "Has canary-proxy free the port where agents connect, and restarts main on it, through portFrom. It is refused while a rollout is under way; when main does not serve there, everything is put back. Agents are refused for the moment between, and begin new sessions. canary.yaml, the ecosystem file and PM2's dump stay as they are: it says what is left to do.",
    )
    .argument('<service>', 'the service, as in canary.yaml')
    .option('--config <file>', 'the configuration (default: as `canary validate` finds it)')
    .option('--dry-run', 'only show the steps')
    .option('--yes', 'do not ask')
    .action((service: string, flags: UninstallFlags) => run(() => uninstall(io, service, flags)));
}

async function uninstall(io: Io, name: string, flags: UninstallFlags): Promise<ExitCode> {
  const config = localConfig(io, flags.config);
  const pm2 = createPm2({ home: config.pm2Home, timeoutMs: PM2_TIMEOUT_MS });
  const plan = await planFor(io, pm2, serviceIn(config, name));
  io.out(planText(plan));
  if (flags.dryRun === true) return EXIT.ok;
  if (flags.yes !== true && !(await confirmed(io, name))) {
    io.err('nothing was changed');
    return EXIT.failed;
  }
  return carryOut(io, pm2, plan, config);
}

async function planFor(io: Io, pm2: Pm2, service: ServiceConfig): Promise<UninstallPlan> {
  const [daemon, apps, proxy, underWay] = await Promise.all([
    pm2.daemon(),
    pm2.list(),
    proxyClient(homeFrom(io.env).proxySocket).state(),
    rolloutUnderWay(io, service.name),
  ]);
  if (daemon.kind !== 'ok') throw pm2Down(daemon.reason);
  if (apps.kind !== 'ok') throw pm2Down(apps.reason);
  const mains = apps.value.filter(({ name }) => name === service.app);
  const owner = portOwner(service.stable.port, mains[0]?.pid ?? 0, daemon.value.pid);
  const planned = planUninstall({ service, underWay, mains, owner, proxy });
  if (planned.ok) return planned.plan;
  throw new CommandError(planned.reasons.join('\n'), EXIT.failed);
}

function pm2Down(reason: string): CommandError {
  return new CommandError(because('pm2-down', `PM2 does not answer: ${reason}`), EXIT.failed);
}

async function rolloutUnderWay(io: Io, service: string): Promise<string | null> {
  const { rollout } = await ask<ServiceView>(
    io,
    'GET',
    `/v1/services/${encodeURIComponent(service)}`,
  );
  return rollout === null || rollout.endedAtMs !== null ? null : rollout.id;
}

function confirmed(io: Io, name: string): Promise<boolean> {
  if (io.confirm !== undefined) return io.confirm(`Take canary-proxy out of the path of ${name}?`);
  throw new CommandError('there is no terminal to ask on: --yes goes without', EXIT.usage);
}

async function carryOut(
  io: Io,
  pm2: Pm2,
  plan: UninstallPlan,
  { file }: CanaryConfig,
): Promise<ExitCode> {
  const { name, app, listen, stable } = plan.service;
  const { takeOut } = await import('../../uninstall/take-out.js');
  const interruption = new AbortController();
  const forget = io.onEnd?.(() => interruption.abort());
  const taken = await takeOut(
    {
      pm2,
      proxy: proxyClient(homeFrom(io.env).proxySocket),
      clock: systemClock,
      underWay: () => rolloutUnderWay(io, name),
      say: (step) => io.err(step),
      interrupted: interruption.signal,
    },
    plan,
  );
  forget?.();
  if (taken.kind === 'done') {
    const gap = formatDuration(taken.gapMs);
    io.out(`${app} serves agents on port ${listen.port}; the change took ${gap}\n`);
    io.out(leftToDo(plan, file));
    return EXIT.ok;
  }
  const { reason, troubles } = taken;
  io.err(
    troubles.length === 0
      ? `${name} was not uninstalled: ${reason}\n${app} is on port ${stable.port} again, behind canary-proxy`
      : `${name} was not uninstalled: ${reason}\nnot everything could be put back:\n  ${troubles.join('\n  ')}`,
  );
  return EXIT.failed;
}
