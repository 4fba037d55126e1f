/** The two processes under PM2: `pm2 start ecosystem.config.js`. They read $CANARY_HOME and $CANARY_CONFIG. */
const common = {
  interpreter: 'node',
  exec_mode: 'fork',
  time: false,
};

export const apps = [
  {
    ...common,
    name: 'canary-proxy',
    script: './dist/proxy/main.js',
    // Calls in flight may finish before a restart ends the process.
    kill_timeout: 15_000,
  },
  {
    ...common,
    name: 'canary-orchestrator',
    script: './dist/orchestrator/main.js',
    kill_timeout: 5_000,
  },
];
