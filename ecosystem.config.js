/**
 * The two processes under PM2: `pm2 start ecosystem.config.js`, from any folder. They read
 * $CANARY_HOME and $CANARY_CONFIG, and look for canary.yaml in the folder they were started from.
 */
import { fileURLToPath } from 'node:url';

const script = (path) => fileURLToPath(new URL(path, import.meta.url));

export const apps = [
  {
    name: 'canary-proxy',
    script: script('dist/proxy/main.js'),
    interpreter: 'node',
    exec_mode: 'fork',
    // Calls in flight may finish before a restart ends the process.
    kill_timeout: 15_000,
  },
  {
    name: 'canary-orchestrator',
    script: script('dist/orchestrator/main.js'),
    interpreter: 'node',
    exec_mode: 'fork',
    kill_timeout: 10_000,
  },
];
