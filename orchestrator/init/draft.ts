/** The text of a first canary.yaml: what was found, what is proposed, and what a person must decide. Pure. */
import { stringify } from 'yaml';
import { FILE_DEFAULTS } from '../../config/defaults.js';
import type { HostPort } from '../../config/types.js';
import { formatAddress } from '../../config/units.js';
import { FreePorts } from './free-ports.js';
import type { Speech } from './speech.js';
import { reachable, type FoundService, type Survey } from './survey.js';

export interface DraftOptions {
  /** Ports that are in use, or named in apps' settings. */
  readonly taken: Iterable<number>;
  /** PM2_HOME, when it is not the default one. */
  readonly pm2Home: string | null;
  /** The file of the JSON Schema that editors check the text with. */
  readonly schemaFile: string;
}

const HEAD = `# Written by \`canary init\` from what PM2 runs now. Nothing has been changed in PM2.
# Check this file after changes: canary validate; check the whole set-up: canary doctor
# Everything else that can be set: docs/configuration.md and config/canary.yaml of the package
#
# DECIDE where agents connect. Until now they connect to the apps' own ports. There are two ways:
#   as written here   The apps stay where they are. canary-proxy listens on new ports (\`listen\`), and agents change
#                     their URL to those. No app is restarted; agents can change one by one.
#   ports swapped     Agents keep their URL: canary-proxy takes an app's present port (\`listen\`), and the app moves to
#                     another (\`stable\`), with one restart and a short gap. How is said at each service.
# Agents that go on using an app's own port are not seen by canary-proxy: they are cut off when main is restarted.
`;

/** Those of this program's own two listeners. */
export const DEFAULT_PORTS = [FILE_DEFAULTS.orchestrator.listen, FILE_DEFAULTS.proxy.metrics].map(
  (address) => Number(address.split(':')[1]),
);

/** The file's text; null when no app could have a canary. */
export function draftConfig({ services, leftOut }: Survey, options: DraftOptions): string | null {
  if (services.length === 0) return null;
  const free = new FreePorts(options.taken);
  for (const port of DEFAULT_PORTS) free.take(port);
  const names = new Set<string>();
  const apps = new Set(services.map(({ app }) => app.name));
  const texts = services.map((service) =>
    serviceText(service, nameFor(service, names), canaryAppFor(service, apps), free),
  );
  const own = ownPorts(options.taken, () => free.after(services[0]?.at.port ?? 0));
  const left = leftOut.map(({ name, why }) => `#   ${oneLine(name)}: ${why}`);
  return [
    `# yaml-language-server: $schema=${options.schemaFile}\n`,
    HEAD,
    options.pm2Home === null ? '' : stringify({ pm2Home: options.pm2Home }),
    own,
    'services:\n',
    texts.join('\n'),
    left.length === 0 ? '' : `\n# Left out:\n${left.join('\n')}\n`,
  ].join('');
}

/**
 * Another installation's processes may have this program's default ports. Others are then taken
 * beside the apps' own, where two installations do not get in each other's way.
 */
function ownPorts(taken: Iterable<number>, nextPort: () => number): string {
  const used = new Set(taken);
  if (!DEFAULT_PORTS.some((port) => used.has(port))) return '';
  const [listen, metrics] = DEFAULT_PORTS.map(nextPort);
  return `# The default ports of these two are in use.\n${stringify({ orchestrator: { listen }, proxy: { metrics } })}`;
}

/** A service's name: the app's, with what may not stand in one replaced. */
function nameFor({ app }: FoundService, taken: Set<string>): string {
  const plain = app.name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const base = plain.slice(0, 60) || 'service';
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
  taken.add(name);
  return name;
}

/** Null: the default name is nobody else's. */
function canaryAppFor({ app }: FoundService, taken: Set<string>): string | null {
  const plain = `${app.name}-canary`;
  let name = plain;
  for (let number = 2; taken.has(name); number += 1) name = `${plain}-${number}`;
  taken.add(name);
  return name === plain ? null : name;
}

function serviceText(
  service: FoundService,
  name: string,
  canaryApp: string | null,
  free: FreePorts,
): string {
  const { app, at, portFrom } = service;
  const [listen, canary] = [free.after(at.port), free.after(at.port)];
  const settings = {
    ...(name === app.name ? {} : { app: app.name }),
    ...(canaryApp === null ? {} : { canaryApp }),
    listen: address({ host: at.host, port: listen }),
    stable: address(reachable(at)),
    canary: address({ ...reachable(at), port: canary }),
    portFrom: portFrom?.kind === 'arg' ? `arg:${portFrom.flag}` : `env:${portFrom?.name ?? 'PORT'}`,
    ...pathSettings(service.speech),
  };
  const notes = [...findings(service), ...swapNotes(service, listen)].map(
    (line) => `  # ${line}\n`,
  );
  const body = stringify({ [name]: settings })
    .replaceAll(/^/gm, '  ')
    .trimEnd();
  return `${notes.join('')}${body}\n`;
}

function findings({ app, at, portFrom, speech, otherPorts }: FoundService): string[] {
  const { spec, pmId, execMode } = app;
  const limit = app.memoryLimitBytes;
  return [
    `${oneLine(app.name)} (pm_id ${pmId}, ${execMode} mode): ${oneLine(spec.script)}`,
    `  listens on ${formatAddress(at)}${otherPorts.length > 0 ? `, and on ${otherPorts.join(', ')}, which stay as they are` : ''}; ${spoken(speech)}`,
    portFrom === null
      ? '  DECIDE portFrom: neither its arguments nor its environment hold the port. The app must be able to listen elsewhere.'
      : `  the port is in its ${portFrom.kind === 'env' ? `environment, ${portFrom.name}` : `arguments, ${portFrom.flag}`}`,
    limit === null
      ? '  no max_memory_restart: give the judge a limit (limits: {memory: 512MB}) if there is one'
      : `  max_memory_restart of ${Math.round(limit / 1e6)} MB is the judge's limit too`,
    ...(app.hasCron ? ['  has a cron_restart, which a canary does not get'] : []),
  ];
}

function spoken(speech: FoundService['speech']): string {
  switch (speech.kind) {
    case 'mcp':
    case 'sse': {
      const { name, version, protocolVersion } = speech.server;
      const how = speech.kind === 'sse' ? 'HTTP+SSE' : 'Streamable HTTP';
      const stateless = speech.kind === 'mcp' && speech.stateless ? ', without sessions' : '';
      return `MCP over ${how} at ${speech.path}${stateless} (${oneLine(name)} ${oneLine(version)}, protocol ${oneLine(protocolVersion)})`;
    }
    case 'http':
      return speech.path === null
        ? 'HTTP, but no MCP at /mcp or /sse: DECIDE mcpPaths and probe'
        : `HTTP, but no MCP at /mcp or /sse; GET ${speech.path} answers`;
  }
}

function swapNotes({ app, at, portFrom }: FoundService, moved: number): string[] {
  const { host } = reachable(at);
  const setting = portFrom?.kind === 'arg' ? portFrom.flag : (portFrom?.name ?? 'its port');
  return [
    `To keep the agents' URL: listen: ${address(at)}, stable: ${address({ host, port: moved })}, then start canary-proxy and`,
    `restart ${oneLine(app.name)} with ${setting} ${moved} set in its ecosystem file (pm2 startOrReload FILE --update-env), pm2 save`,
  ];
}

function pathSettings(speech: Speech): object {
  switch (speech.kind) {
    case 'mcp':
      return {};
    case 'sse':
      return { probe: `sse:${speech.path}` };
    case 'http':
    case 'other':
      return speech.kind === 'http' && speech.path !== null
        ? { mcpPaths: [], ssePaths: [], probe: `http:${speech.path}` }
        : { probe: 'tcp' };
  }
}

/** A port alone means 127.0.0.1. */
function address(at: HostPort): string | number {
  return at.host === '127.0.0.1' ? at.port : formatAddress(at);
}

/** Names come from others: they must not end a comment. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, '?');
}
