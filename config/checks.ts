/** What no single key shows: contradictions between keys and clashes between services. */
import { error, warning, type Finding } from './finding.js';
import { strangePlaceholders, type ReleaseConfig, type WrittenRelease } from './release.js';
import { endpointOf } from './before-traffic.js';
import { longestWindowMs, type ConfigDraft, type ServiceDraft } from './resolve.js';
import { checkGroups, checkSchedules } from './schedule-checks.js';
import type { FileDraft, Settings } from './schema.js';
import type { Path } from './source.js';
import type { HostPort } from './types.js';
import { formatAddress, formatDuration, formatRatio } from './units.js';

/** All findings, in no particular order. */
export function crossCheck(written: FileDraft, config: ConfigDraft): Finding[] {
  return [
    ...twoForms(['defaults'], written.defaults),
    ...Object.entries(written.services ?? {}).flatMap(([name, own]) =>
      twoForms(['services', name], own),
    ),
    ...portClashes(config),
    ...appClashes(config),
    ...checkGroups(written, config),
    ...checkSchedules(written, config),
    ...strangeServices(config),
    ...config.services.flatMap((service) => [
      ...windowTooLong(service),
      ...stepsDescend(service),
      ...gateAtTheEnd(service),
      ...portOverridden(service),
      ...probeWithoutPath(service, written),
      ...baselineWithoutAddress(service, written),
      ...releaseFindings(service, written),
      ...beforeTrafficWithoutMcp(service),
    ]),
  ];
}

/** A service's setting may be its own or come from the file's defaults. */
const settingKeys = (service: ServiceDraft, ...key: string[]): Path[] => [
  ['services', service.name, ...key],
  ['defaults', ...key],
];

/** {@link settingKeys}, and the service where it is written in neither. */
const settingPaths = (service: ServiceDraft, ...key: string[]): Path[] => [
  ...settingKeys(service, ...key),
  ['services', service.name],
];

function twoForms(level: Path, settings: Settings | undefined): Finding[] {
  if (settings?.steps === undefined) return [];
  const other = settings.weight === undefined ? 'window' : 'weight';
  if (settings[other] === undefined) return [];
  return [
    error(
      'two-forms',
      [[...level, other]],
      `got ${other} beside steps, wanted either steps or weight and window`,
    ),
  ];
}

interface Listener {
  readonly address: HostPort;
  readonly path: Path;
}

function portClashes(config: ConfigDraft): Finding[] {
  const taken = new Map<number, Listener[]>();
  const findings: Finding[] = [];
  for (const listener of listeners(config)) {
    const samePort = taken.get(listener.address.port) ?? [];
    const other = samePort.find(({ address }) => sharesHost(address, listener.address));
    if (other === undefined) {
      taken.set(listener.address.port, [...samePort, listener]);
      continue;
    }
    const message = `got ${formatAddress(listener.address)}, which ${other.path.join('.')} already has (${formatAddress(other.address)}), wanted a port of its own`;
    findings.push(error('port-clash', [listener.path], message));
  }
  return findings;
}

/** The program's own come first, so that a clash with a default of theirs shows at the service. */
function listeners({ orchestrator, proxy, services }: ConfigDraft): Listener[] {
  const own = [
    { address: orchestrator.listen, path: ['orchestrator', 'listen'] },
    { address: proxy.metrics, path: ['proxy', 'metrics'] },
  ];
  const theirs = services.flatMap((service) =>
    (['listen', 'stable', 'canary', 'baselineAt'] as const).flatMap((key) => {
      const address = key === 'baselineAt' ? service.baseline?.at : service[key];
      return address === undefined ? [] : [{ address, path: ['services', service.name, key] }];
    }),
  );
  return [...own, ...theirs];
}

const ANY_HOST = new Set(['0.0.0.0', '::']);

function sharesHost(a: HostPort, b: HostPort): boolean {
  const plain = ({ host }: HostPort): string => (host === 'localhost' ? '127.0.0.1' : host);
  return plain(a) === plain(b) || ANY_HOST.has(a.host) || ANY_HOST.has(b.host);
}

/** One PM2 app has one role in one service. All mains first: a canary's name must give way. */
function appClashes({ services }: ConfigDraft): Finding[] {
  const taken = new Map<string, string>();
  const findings: Finding[] = [];
  for (const key of ['app', 'canaryApp', 'baselineApp'] as const) {
    for (const service of services) {
      const app = key === 'baselineApp' ? service.baseline?.app : service[key];
      if (app === undefined) continue;
      const owner = taken.get(app);
      if (owner === undefined) {
        taken.set(app, `the ${key} of ${service.name}`);
        continue;
      }
      const message = `got ${app}, which is already ${owner}, wanted a PM2 app of its own`;
      findings.push(
        error(
          'app-clash',
          [
            ['services', service.name, key],
            ['services', service.name],
          ],
          message,
        ),
      );
    }
  }
  return findings;
}

function strangeServices({ notify, services }: ConfigDraft): Finding[] {
  const known = services.map(({ name }) => name);
  return notify.flatMap(({ services: wanted }, index) =>
    (wanted ?? []).flatMap((name, at) =>
      known.includes(name)
        ? []
        : [
            error(
              'unknown-reference',
              [['notify', index, 'services', at]],
              `got ${name}, wanted one of the services ${known.join(', ')}`,
            ),
          ],
    ),
  );
}

function windowTooLong(service: ServiceDraft): Finding[] {
  const longest = longestWindowMs(service.steps);
  if (service.onInconclusive !== 'extend' || service.maxWindowMs >= longest) return [];
  const message = `got ${formatDuration(service.maxWindowMs)}, wanted at least the longest window, ${formatDuration(longest)}`;
  return [error('short-max-window', settingPaths(service, 'maxWindow'), message)];
}

function stepsDescend(service: ServiceDraft): Finding[] {
  const weights = service.steps.map(({ weight }) => weight);
  if (weights.every((weight, index) => weight >= (weights[index - 1] ?? 0))) return [];
  const message = `got weights that go down (${weights.map(formatRatio).join(', ')}), wanted them to rise`;
  return [warning('descending-steps', settingPaths(service, 'steps'), message)];
}

function gateAtTheEnd(service: ServiceDraft): Finding[] {
  if (service.steps.at(-1)?.gate !== 'manual') return [];
  const message = 'got a gate after the last step, wanted `promote: manual`, which waits there';
  return [error('gate-at-the-end', settingPaths(service, 'steps'), message)];
}

function portOverridden(service: ServiceDraft): Finding[] {
  const { portFrom, canaryEnv } = service;
  if (portFrom.kind !== 'env' || !Object.hasOwn(canaryEnv, portFrom.name)) return [];
  const message = `got ${portFrom.name}, which portFrom sets to the canary's port, wanted it left out`;
  return [error('port-overridden', settingPaths(service, 'canaryEnv', portFrom.name), message)];
}

function probeWithoutPath(service: ServiceDraft, { defaults, services }: FileDraft): Finding[] {
  const probe = services?.[service.name]?.probe ?? defaults?.probe;
  if (probe?.kind !== 'mcp' || probe.path !== null || service.mcpPaths.length > 0) return [];
  return [
    error(
      'probe-without-path',
      settingPaths(service, 'probe'),
      'got mcp without mcpPaths, wanted mcp:/PATH, sse:/PATH, http:/PATH or tcp',
    ),
  ];
}

function baselineWithoutAddress(
  service: ServiceDraft,
  { defaults, services }: FileDraft,
): Finding[] {
  const own = services?.[service.name];
  const wanted = own?.baseline ?? defaults?.baseline;
  if (wanted !== 'fresh' || own?.baselineAt !== undefined) return [];
  const message = 'got fresh without baselineAt, wanted a port for it';
  const missed = [['services', service.name, 'baselineAt']];
  return [error('baseline-without-address', settingPaths(service, 'baseline'), message, missed)];
}

function releaseFindings(service: ServiceDraft, { services }: FileDraft): Finding[] {
  const { release } = service;
  if (release === null) return releaseWithoutPrepare(service, services?.[service.name]?.release);
  const strange = strangePlaceholders(release).map(({ path, name }) =>
    strangePlaceholder(service, release, path, name),
  );
  if (release.pins === null || release.dependencies !== null) return strange;
  const message = 'got pins without dependencies, wanted dependencies: pip, npm or {run: COMMAND}';
  const missed = settingKeys(service, 'release', 'dependencies');
  return [
    ...strange,
    error('pins-without-dependencies', settingPaths(service, 'release', 'pins'), message, missed),
  ];
}

function strangePlaceholder(
  service: ServiceDraft,
  { set }: ReleaseConfig,
  path: Path,
  name: string,
): Finding {
  const known = ['releaseDir', 'version', ...set].map((each) => `{{${each}}}`).join(', ');
  const got = path.includes('env') ? 'another placeholder' : `{{${name.slice(0, 40)}}}`;
  // A command's short form is the text itself, without a key `run`.
  const places = [path, path.slice(0, -1)];
  const paths = [['services', service.name], ['defaults']].flatMap((level) =>
    places.map((place) => [...level, 'release', ...place]),
  );
  return error(
    'unknown-placeholder',
    paths,
    `got ${got}, wanted one of ${known}; \`set\` lists the names of --set`,
  );
}

function releaseWithoutPrepare(service: ServiceDraft, own: WrittenRelease | undefined): Finding[] {
  if (own === undefined) return [];
  const message = 'got a release without prepare, wanted the commands that make it';
  const missed = settingKeys(service, 'release', 'prepare');
  return [error('release-without-prepare', settingPaths(service, 'release'), message, missed)];
}

/** Both speak MCP with the canary. */
function beforeTrafficWithoutMcp(service: ServiceDraft): Finding[] {
  if (endpointOf(service) !== null) return [];
  const keys = (['smoke', 'contract'] as const).filter((key) => service[key] !== null);
  return keys.map((key) =>
    error(
      'mcp-check-without-mcp',
      settingPaths(service, key),
      `got ${key} without mcpPaths or ssePaths, wanted one of them`,
    ),
  );
}
