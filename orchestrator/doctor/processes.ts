/** The program's own two processes: up, of the installed version, with the configuration as it is now. */
import { ecosystemFile, packageVersion } from '../../common/package.js';
import type { Build } from '../../common/protocol.js';
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import type { Facts } from './facts.js';

type Name = 'canary-orchestrator' | 'canary-proxy';

export function checkProcesses({ orchestrator, proxy, configured }: Facts): Diagnosis[] {
  const digest = configured.config?.digest ?? null;
  return [
    ...checkProcess('canary-orchestrator', orchestrator, digest),
    ...checkProcess('canary-proxy', proxy, digest),
  ];
}

/** How a process goes on with the program and the configuration that there are now. */
const RENEWALS: Readonly<Record<Name, string>> = {
  'canary-orchestrator': 'pm2 restart canary-orchestrator',
  'canary-proxy': 'canary reload',
};

type Reply =
  | { readonly kind: 'ok'; readonly value: { readonly build?: Build | undefined } }
  | { readonly kind: 'down'; readonly reason: string };

function checkProcess(name: Name, reply: Reply, digest: string | null): Diagnosis[] {
  if (reply.kind === 'down') {
    const remedy = `pm2 start ${ecosystemFile()} --only ${name}`;
    return [failure(name, `does not answer: ${reply.reason}`, remedy)];
  }
  const found = differences(reply.value.build, digest);
  return found.length === 0
    ? [ok(name, 'answers, with the installed version and this configuration')]
    : found.map((message) => warning(name, message, RENEWALS[name]));
}

function differences(build: Build | undefined, digest: string | null): string[] {
  const installed = packageVersion();
  if (build === undefined) return [`answers, as an older version than ${installed}`];
  return [
    ...(build.version === installed
      ? []
      : [`runs version ${build.version}, installed is ${installed}`]),
    ...(digest === null || build.configDigest === digest
      ? []
      : ['was started with another content of canary.yaml']),
  ];
}
