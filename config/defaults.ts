/**
 * Every default, once, written as in `canary.yaml`. The loader reads this table as the outermost
 * level and the JSON Schema shows it to editors.
 *
 * A service's setting comes from the first of these that has it (config/resolve.ts):
 *   1. the service, 2. the file's `defaults`, 3. this table, 4. what is derived from other settings:
 *
 *   app        the service's name
 *   canaryApp  the app's name with `-canary`, baselineApp with `-baseline`
 *   probe      `mcp` on the first of mcpPaths, `tcp` where there is none
 *   contract   `refuse` where the probe speaks MCP, else `off`
 *   maxWindow  twice the longest step's window
 *   steps      one step of `weight` for `window`
 *   release    none without `prepare`; its folder is releases/SERVICE in the state folder
 *   pm2Home    $PM2_HOME, else ~/.pm2
 *
 * `steps` on the one side and `weight` and `window` on the other replace each other: the level
 * nearest to the service decides.
 */
export const SERVICE_DEFAULTS = {
  baseline: 'stable',
  portFrom: 'env:PORT',
  mcpPaths: ['/mcp'],
  ssePaths: ['/sse'],
  weight: '10%',
  window: '2h',
  promote: 'auto',
  promoteBy: null,
  onDeadline: 'rollback',
  drift: 'pause',
  overrides: { header: null, always: [], never: [] },
  onInconclusive: 'hold',
  bake: '10m',
  ready: '60s',
  drain: { calls: '30s', sessions: '60s' },
  limits: {
    errors: { max: '25%', timesStable: 1.5, overStable: '0.5%' },
    latency: { timesStable: 2, warmUp: '1m' },
    memory: { max: null, horizon: '24h', timesStable: 1.5, warmUp: '5m' },
    logs: {
      errorPatterns: [
        // Python; PM2's `time` puts a date before a line, its `log_type: json` puts it in an object.
        'Traceback \\(most recent call last\\):',
        // What most loggers write in capitals.
        '\\b(?:ERROR|CRITICAL|FATAL|PANIC)\\b',
        // JSON (pino's numbers, others' names) and key=value.
        '"(?:level|levelname|severity)":\\s*(?:[56]0\\b|"(?:error|critical|fatal|alert)")',
        '\\blevel=(?:error|critical|fatal)\\b',
        // Node's uncaught errors, `error: ...` of console loggers, both after PM2's date.
        '^(?:\\d{4}-\\d\\d-\\d\\d[T\\d:. +-]*: )?(?:Uncaught |\\w*Error: |(?:error|fatal|critical): )',
      ],
      timesStable: 3,
    },
  },
  minimum: { calls: 50, sessions: 5 },
  alpha: 0.01,
  early: false,
  checks: [],
  release: { keep: 3 },
  interval: '5s',
  replay: 'safe',
  sessionIdle: '1h',
  maxSessions: 10_000,
  callTimeout: '10m',
  bodyTimeout: '30s',
  maxWaiting: 10_000,
  patience: '10s',
  canaryEnv: {},
} as const;

/** The defaults of each of `checks`. */
export const CHECK_DEFAULTS = {
  prometheus: 'http://127.0.0.1:9090',
  every: '30s',
  timeout: '10s',
  failures: 3,
} as const;

/** The defaults of each of `groups`. */
export const GROUP_DEFAULTS = { parallel: 1, onRollback: 'stop' } as const;

/** The defaults of each of `schedules`. */
export const SCHEDULE_DEFAULTS = {
  windows: [],
  freezes: [],
  onWindowEnd: 'finish',
  catchUp: '0s',
  overlap: 'skip',
  jitter: '0s',
  onlyIfChanged: false,
  releases: {},
} as const;

/** The defaults of each receiver in `notify`. */
export const NOTIFY_DEFAULTS = { timeout: '10s' } as const;

/** The defaults of each command of `release.prepare`. */
export const PREPARE_DEFAULTS = { timeout: '10m' } as const;

/** The defaults of what is not a service's. */
export const FILE_DEFAULTS = {
  orchestrator: { listen: '127.0.0.1:9765', retention: { maxAge: '90d', maxSize: '1GiB' } },
  proxy: { metrics: '127.0.0.1:9766', drain: '4s' },
} as const;
