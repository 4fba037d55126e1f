/** Everything that is fuzzed, with its share of a run's inputs: what takes a socket or a file gets fewer. */
import { fuzzAdmin, fuzzListener } from './sockets.js';
import { fuzzFile, fuzzRows } from './store.js';
import { PARSERS, type Target } from './targets.js';

export const TARGETS: readonly Target[] = [
  ...PARSERS,
  { name: "the proxy's listener", share: 0.05, fuzz: fuzzListener },
  { name: "the proxy's admin socket", share: 0.02, fuzz: fuzzAdmin },
  { name: 'rows of the session store', share: 0.002, fuzz: fuzzRows },
  { name: 'the file of the session store', share: 0.008, fuzz: fuzzFile },
];
