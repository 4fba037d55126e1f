/**
 * A run as a process: `node worker.js SEED ONLY KEEP_DIR` plays the scenario of the seed and prints
 * what came of it as one line of JSON. ONLY is a kind of fault, or empty. On SIGTERM it tells how far
 * it has come, and tidies up.
 */
import { asFaultKind } from './fault.js';
import { run, type Trace } from './run.js';
import { scenarioOf } from './scenario.js';

const trace: Trace = { log: [], theatre: null };
process.once('SIGTERM', () => {
  process.stderr.write(`${trace.log.join('\n')}\n`);
  void trace.theatre?.dispose().finally(() => process.exit(1));
});
const [seed, only, keepDir] = process.argv.slice(2);
const result = await run(scenarioOf(Number(seed), asFaultKind(only)), keepDir ?? null, trace);
process.stdout.write(`${JSON.stringify(result)}\n`);
// An agent that left while it was connecting goes on trying.
process.exit(0);
