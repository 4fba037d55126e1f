/**
 * Do the official tools say the same through the proxy as they say directly? The conformance suite,
 * the inspector's command line and mcp-remote, in front of real servers.
 *
 *   node dist/bench/proxy/parity.js
 *
 * Installs the tools into a temporary folder. Prints a row for each, and exits with 1 when any
 * result differs.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort } from '../../demo/free-port.js';
import { startContender } from './contenders.js';
import { ParityTools, SUITES, type Tool } from './parity-tools.js';
import { start, type Command } from './processes.js';
import { EVERYTHING } from '../../demo/everything.js';

const require = createRequire(import.meta.url);
const MCP_PROXY = join(
  dirname(require.resolve('mcp-proxy/package.json')),
  'dist/bin/mcp-proxy.mjs',
);
const FIXTURE = new URL('./fixture-server.js', import.meta.url).pathname;
const ECHO: Tool = { name: 'echo', args: { message: 'hi' } };
const LOOKUP: Tool = { name: 'lookup', args: { key: 'k', ms: 1 } };

interface Server {
  readonly name: string;
  command(port: number): Command;
  readonly transports: readonly ('http' | 'sse')[];
  readonly tool: Tool;
}

const everything = (mode: string) => (port: number) => ({
  command: process.execPath,
  args: [EVERYTHING, mode],
  env: { PORT: String(port) },
  port,
});

const SERVERS: readonly Server[] = [
  {
    name: 'server-everything, HTTP',
    command: everything('streamableHttp'),
    transports: ['http'],
    tool: ECHO,
  },
  { name: 'server-everything, SSE', command: everything('sse'), transports: ['sse'], tool: ECHO },
  {
    name: 'mcp-proxy',
    command: (port) => ({
      command: process.execPath,
      args: [MCP_PROXY, '--port', String(port), '--', process.execPath, EVERYTHING, 'stdio'],
      port,
    }),
    transports: ['http', 'sse'],
    tool: ECHO,
  },
  {
    name: 'both SDK generations',
    command: (port) => ({
      command: process.execPath,
      args: [FIXTURE, '/dev/null'],
      env: { PORT: String(port) },
      port,
    }),
    transports: ['http', 'sse'],
    tool: LOOKUP,
  },
];

/** One thing that is asked of both, as text that must be the same. */
interface Question {
  readonly name: string;
  ask(origin: string): Promise<readonly string[]>;
  /** What the answer comes to, for the report. */
  tell(answer: readonly string[]): string;
}

function questions({ transports, tool }: Server, tools: ParityTools): Question[] {
  // The suite speaks Streamable HTTP only.
  const suites = transports.includes('http') ? SUITES : [];
  const paths = { http: '/mcp', sse: '/sse' } as const;
  const wantsOf = (answer: readonly string[]): string =>
    answer[0]?.includes('"content"') === true ? 'answered' : `FAILED: ${answer[0] ?? ''}`;
  return [
    ...suites.map((suite) => ({
      name: ['conformance', suite.version, ...suite.args, `(Node ${suite.node})`].join(' '),
      ask: (origin: string) => tools.conformance(suite, `${origin}/mcp`),
      tell: (lines: readonly string[]) =>
        `${lines.filter((line) => line.startsWith('✓')).length} of ${lines.length} scenarios pass`,
    })),
    ...transports.flatMap((transport) => [
      {
        name: `inspector over ${transport}`,
        ask: async (origin: string) => [
          await tools.inspector(origin + paths[transport], transport, tool),
        ],
        tell: wantsOf,
      },
      {
        name: `mcp-remote over ${transport}`,
        ask: async (origin: string) => [
          await tools.remote(origin + paths[transport], transport, tool),
        ],
        tell: wantsOf,
      },
    ]),
  ];
}

/** What only one of them says. */
function difference(direct: readonly string[], through: readonly string[]): string {
  const missing = direct.filter((line) => !through.includes(line));
  const added = through.filter((line) => !direct.includes(line));
  return [...missing.map((line) => `-${line}`), ...added.map((line) => `+${line}`)].join('; ');
}

/** Asks directly and through the proxy. True when all answers are the same. */
async function compare(server: Server, tools: ParityTools): Promise<boolean> {
  const port = await freePort();
  const running = await start(server.command(port));
  const proxy = await startContender('canary-proxy', port);
  let isSame = true;
  try {
    for (const question of questions(server, tools)) {
      const direct = await question.ask(`http://127.0.0.1:${port}`);
      const through = await question.ask(`http://127.0.0.1:${proxy.port}`);
      const agrees = direct.length > 0 && direct.join('\n') === through.join('\n');
      isSame &&= agrees;
      const verdict = agrees ? 'the same' : `different: ${difference(direct, through)}`;
      const row = [server.name, question.name, question.tell(direct), verdict];
      process.stdout.write(`| ${row.join(' | ')} |\n`);
    }
    return isSame;
  } finally {
    await proxy.end();
    await running.end();
  }
}

const tools = await ParityTools.install();
try {
  for (const server of SERVERS) if (!(await compare(server, tools))) process.exitCode = 1;
} finally {
  tools.dispose();
}
