/**
 * The two processes under PM2: `pm2 start "$(canary ecosystem)"`, from any folder. They read
 * $CANARY_HOME and $CANARY_CONFIG, and look for canary.yaml in the folder they were started from.
 */
import { fileURLToPath } from 'node:url';

const script = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * pmx: false keeps PM2's monitoring module out of the process. With it, a node app ends itself as
 * soon as PM2's daemon dies; the proxy must go on carrying traffic then.
 */
const common = { interpreter: 'node', exec_mode: 'fork', pmx: false };

export const apps = [
  {
    name: 'canary-proxy',
    script: script('dist/proxy/main.js'),
    ...common,
    // Longer than the moment that it gives calls under way to finish: what comes after is refused.
    kill_timeout: 5_000,
  },
  {
    name: 'canary-orchestrator',
    script: script('dist/orchestrator/main.js'),
    ...common,
    kill_timeout: 10_000,
  },
];
