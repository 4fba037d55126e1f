/** Runs rows of the table that the main thread asks for, one after the other. */
import { parentPort } from 'node:worker_threads';
import { runRow } from './trial.js';

parentPort?.on('message', ({ index, traces }: { index: number; traces: number }) => {
  parentPort?.postMessage(runRow(index, traces));
});
