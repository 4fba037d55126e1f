/** Everything that is fuzzed, with its share of a run's inputs: what takes a socket or a file gets fewer. */
import { fuzzControl } from './control.js';
import { fuzzAdmin, fuzzListener } from './sockets.js';
import { fuzzFile, fuzzRows, PROXY_FILE, ROLLOUT_FILE } from './store.js';
import { PARSERS, type Target } from './targets.js';

export const TARGETS: readonly Target[] = [
  ...PARSERS,
  { name: "the proxy's listener", share: 0.05, fuzz: fuzzListener },
  { name: "the proxy's admin socket", share: 0.02, fuzz: fuzzAdmin },
  { name: 'rows of the session store', share: 0.002, fuzz: fuzzRows },
  { name: 'the file of the session store', share: 0.008, fuzz: (n) => fuzzFile(PROXY_FILE, n) },
  { name: "the orchestrator's control socket", share: 0.02, fuzz: fuzzControl },
  { name: 'the file of the rollout store', share: 0.004, fuzz: (n) => fuzzFile(ROLLOUT_FILE, n) },
];
