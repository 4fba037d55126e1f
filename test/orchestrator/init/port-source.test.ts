import { expect, test } from 'vitest';
import { portSource } from '../../../orchestrator/init/port-source.js';
import { withPort, type AppSpec } from '../../../orchestrator/pm2/spec.js';

const spec = (args: readonly string[], env: Readonly<Record<string, string>> = {}): AppSpec => ({
  script: '/srv/x.js',
  cwd: '/srv',
  interpreter: 'node',
  interpreterArgs: [],
  args,
  env,
});
const arg = (flag: string) => ({ kind: 'arg', flag });
const env = (name: string) => ({ kind: 'env', name });

test.each([
  [spec(['--port', '8080']), arg('--port')],
  [spec(['serve', '-p', '8080', '-v']), arg('-p')],
  [spec(['--http.port=8080']), arg('--http.port')],
  [spec(['-c', 'uv run server --port 8080; true']), arg('--port')],
  [spec(['-c', 'server --a 1 --listen=8080']), arg('--listen')],
  [spec([], { A_PORT: '8080', PORT: '8080' }), env('PORT')],
  [spec([], { COUNT: '8080', MCP_PORT: '8080' }), env('MCP_PORT')],
  [spec(['--port', '8080'], { PORT: '8080' }), arg('--port')],
  [spec(['--port', '80801', '8080'], { COUNT: '8080' }), null],
  [spec(['--port', '9090'], { PORT: '9091', URL: 'http://h:8080' }), null],
])('%o', (from, source) => {
  const found = portSource(from, 8080);
  expect(found).toEqual(source);
  // What was found is what a canary's port is put into.
  if (found !== null) expect(portSource(withPort(from, found, 8099), 8099)).toEqual(source);
});
