/**
 * Simulates rollouts and prints how often and how fast the judge takes canaries back.
 *
 *   npm run bench:judge                        the whole table
 *   npm run bench:judge -- --traces 100        quicker and coarser
 *   npm run bench:judge -- --only RSS          rows whose name has the word
 *   npm run bench:judge -- --write             into docs/judging.md, with machine and date
 */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { SCENARIOS } from './scenarios.js';
import { isMet, tableOf } from './table.js';
import type { Row } from './trial.js';

const DOCS = 'docs/judging.md';
const MOST_WORKERS = 2;
const [START, END] = ['<!-- bench:judge -->', '<!-- /bench:judge -->'];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      traces: { type: 'string', default: '1000' },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  });
  const traces = Number(values.traces);
  const wanted = SCENARIOS.flatMap(({ name }, i) => (name.includes(values.only) ? [i] : []));
  const rows = await runAll(wanted, traces);
  const text = `${tableOf(rows)}\n\n${provenance(traces)}\n`;
  process.stdout.write(`${text}\n${rows.filter(isMet).length} of ${rows.length} rows met\n`);
  if (values.write) await writeTable(text);
}

/** Each worker takes the next row when it has finished one. */
async function runAll(indexes: readonly number[], traces: number): Promise<Row[]> {
  const left = [...indexes];
  const rows: Row[] = [];
  const lanes = Math.min(MOST_WORKERS, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, () => lane(left, traces, rows)));
  return rows;
}

async function lane(left: number[], traces: number, rows: Row[]): Promise<void> {
  const worker = new Worker(new URL('worker.js', import.meta.url));
  for (let index = left.shift(); index !== undefined; index = left.shift()) {
    worker.postMessage({ index, traces });
    const [row] = (await once(worker, 'message')) as [Row];
    rows.push(row);
    process.stderr.write(`${rows.length} rows done: ${SCENARIOS[index]?.name ?? ''}\n`);
  }
  await worker.terminate();
}

function provenance(traces: number): string {
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
  return `${traces} traces a row; ${machine}, Node ${process.versions.node}, ${day}.`;
}

async function writeTable(text: string): Promise<void> {
  const docs = await readFile(DOCS, 'utf8');
  const [start, end] = [docs.indexOf(START), docs.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${DOCS} has no ${START} ... ${END}`);
  await writeFile(DOCS, `${docs.slice(0, start)}${START}\n\n${text}\n${docs.slice(end)}`);
}

await main();
