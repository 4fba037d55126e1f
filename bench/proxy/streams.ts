/**
 * What idle event streams cost in memory, and an event a second on each of them in CPU time.
 *
 *   node dist/bench/proxy/streams.js [STREAMS] [CONTENDER,...]
 *
 * Prints what is left open at the upstream after all clients have gone, too: it must be nothing.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../demo/free-port.js';
import { CONTENDERS, LOAD_CORE, startContender, type Contender } from './contenders.js';
import { cpuUs, rssBytes, start } from './processes.js';
import { openSession } from './small-call.js';

const UPSTREAM = fileURLToPath(new URL('./upstream.js', import.meta.url));
const AT_ONCE = 50;
const EVENT_SECONDS = 5;
const SETTLE_MS = 2_000;

async function openStream(port: number): Promise<Socket> {
  const session = await openSession(port);
  const socket = connect(port, '127.0.0.1');
  const head = `GET /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\nmcp-session-id: ${session}\r\n\r\n`;
  socket.on('error', () => undefined);
  // An instance of bare http-proxy holds the head back until the first event.
  socket.write(head);
  socket.resume();
  await delay(0);
  return socket;
}

async function upstreamSays(port: number, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return answer.text();
}

async function untilStreams(port: number, count: number): Promise<number> {
  let seen = -1;
  for (let i = 0; i < 100; i += 1) {
    seen = Number(await upstreamSays(port, '/streams'));
    if (seen === count) break;
    await delay(100);
  }
  return seen;
}

async function measure(name: Contender, streams: number): Promise<string> {
  const upstreamPort = await freePort();
  const upstream = await start({
    command: 'taskset',
    args: ['-c', LOAD_CORE, process.execPath, UPSTREAM, String(upstreamPort)],
    port: upstreamPort,
  });
  const contender = await startContender(name, upstreamPort);
  try {
    await openSession(contender.port);
    await delay(SETTLE_MS);
    const emptyBytes = rssBytes(contender.pids());
    const sockets: Socket[] = [];
    while (sockets.length < streams) {
      const batch = Array.from({ length: AT_ONCE }, () => openStream(contender.port));
      sockets.push(...(await Promise.all(batch)));
    }
    const open = await untilStreams(upstreamPort, streams);
    await delay(SETTLE_MS);
    const bytes = (rssBytes(contender.pids()) - emptyBytes) / streams;
    await upstreamSays(upstreamPort, '/start');
    await delay(SETTLE_MS);
    const before = cpuUs(contender.pids());
    await delay(EVENT_SECONDS * 1_000);
    const us = (cpuUs(contender.pids()) - before) / (EVENT_SECONDS * streams);
    for (const socket of sockets) socket.destroy();
    const left = await untilStreams(upstreamPort, 0);
    return `| ${name} | ${open} | ${(bytes / 1024).toFixed(1)} | ${us.toFixed(1)} | ${left} |`;
  } finally {
    await contender.end();
    await upstream.end();
  }
}

const streams = Number(process.argv[2] ?? 5_000);
process.stdout.write('| | streams | KiB per stream | CPU µs per event | left at the upstream |\n');
process.stdout.write('|---|---|---|---|---|\n');
const names = process.argv[3]?.split(',');
for (const name of CONTENDERS) {
  if (name !== 'direct' && (names?.includes(name) ?? true))
    process.stdout.write(`${await measure(name, streams)}\n`);
}
