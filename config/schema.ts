/**
 * `canary.yaml` as people write it. The one description of every key: the loader validates with it
 * (and gets base units out of it), and the JSON Schema is made from it.
 *
 * An issue's message is always what was wanted, to be put after "wanted ".
 */
import { z } from 'zod';
import { beforeTraffic } from './before-traffic.js';
import { customChecks } from './custom-check.js';
import { group } from './groups.js';
import { notifiers } from './notify.js';
import { people } from './people.js';
import { orchestratorSection, proxySection } from './processes.js';
import { proxyLimits } from './proxy-limits.js';
import { release } from './release.js';
import { oneTarget, schedule } from './schedules.js';
import {
  address,
  count,
  duration,
  environment,
  list,
  named,
  number,
  oneOf,
  pattern,
  section,
  size,
  text,
  unit,
} from './shapes.js';
import {
  MAX_DURATION_MS,
  MAX_STEPS,
  PATH_PATTERN,
  PERCENT_PATTERN,
  PORT_FROM_PATTERN,
  PROBE_PATTERN,
  STEPS_PATTERN,
  WINDOW_BOUNDS,
  parsePortFrom,
  parseProbe,
  parseRatio,
  parseSteps,
  parseWeight,
} from './units.js';

const upTo = { minMs: 0, maxMs: MAX_DURATION_MS };
const ratioJson = {
  type: ['string', 'number'],
  pattern: PERCENT_PATTERN,
  maximum: 1,
  examples: ['10%', 0.1],
};
const ratio = unit(parseRatio, { ...ratioJson, minimum: 0 });
const weight = unit(parseWeight, { ...ratioJson, exclusiveMinimum: 0 });

const appNameError = 'a name of 1 to 128 characters without control characters or spaces around it';
const appName = text(
  // eslint-disable-next-line no-control-regex -- names with control characters are what is refused
  /^(?! )[^\u0000-\u001f\u007f]+(?<! )$/,
  appNameError,
).max(128, { error: appNameError });
const path = text(new RegExp(PATH_PATTERN), 'a path that begins with /, such as /mcp');
const paths = (what: string) => list(path, 0, 20, what);

const errorLimits = section({
  max: ratio
    .optional()
    .describe("The canary's error ratio that is too much whatever stable's may be."),
  timesStable: number(1, 1000)
    .optional()
    .describe(
      "Worse means: more than this many times stable's error ratio, and over it by more than overStable.",
    ),
  overStable: ratio
    .optional()
    .describe(
      "Worse means: over stable's error ratio by more than this, and more than timesStable times it.",
    ),
});

const memoryLimits = section({
  max: z
    .union([z.null(), size])
    .optional()
    .describe(
      "RSS of the whole process tree that is too much. MB counts in 1000s; MiB and the bare M in 1024s, as in PM2. Null takes PM2's max_memory_restart, if the app has one.",
    ),
  horizon: duration(upTo)
    .optional()
    .describe('The projected growth may not reach the limit within this time.'),
  timesStable: number(1, 1000)
    .optional()
    .describe("Worse means: more than this many times stable's RSS."),
  warmUp: duration(upTo).optional().describe('RSS is not compared before an instance is this old.'),
});

const limits = section({
  errors: z
    .union([ratio.transform((max): z.output<typeof errorLimits> => ({ max })), errorLimits])
    .optional()
    .describe('Limits for errors. The short form `errors: 5%` sets `max`.'),
  latency: section({
    timesStable: number(1, 20)
      .optional()
      .describe(
        "Worse means: the share of calls slower than stable's p95 is more than this many times 5 %.",
      ),
    warmUp: duration(upTo)
      .optional()
      .describe('A fresh process is slow at first: nothing is compared before this time.'),
  })
    .optional()
    .describe('Limits for latency.'),
  memory: z
    .union([size.transform((max): z.output<typeof memoryLimits> => ({ max })), memoryLimits])
    .optional()
    .describe('Limits for memory. The short form `memory: 380MB` sets `max`.'),
  logs: section({
    errorPatterns: list(pattern, 0, 50, 'regular expressions')
      .optional()
      .describe(
        'Regular expressions that mark an error line in the logs. An empty list switches the check off.',
      ),
    timesStable: number(1, 1000)
      .optional()
      .describe("Worse means: more than this many times stable's error lines per call."),
  })
    .optional()
    .describe('Limits for error lines in the logs.'),
});

const step = section({
  weight: weight.describe('Share of the new sessions.'),
  window: duration(WINDOW_BOUNDS).describe('How long the step lasts.'),
  gate: oneOf(['auto', 'manual'])
    .optional()
    .describe(
      '`manual`: after the step, wait for a person. Not on the last step. `auto` by default.',
    ),
}).transform(({ weight, window, gate = 'auto' }) => ({ weight, windowMs: window, gate }));

const steps = z.union([
  unit(parseSteps, {
    type: 'string',
    pattern: STEPS_PATTERN,
    examples: ['10% for 30m, 25% for 30m, wait, 50% for 1h'],
  }),
  list(step, 1, MAX_STEPS, 'steps, each with a weight and a window'),
]);

/** The keys that `defaults` and every service have. */
const settings = {
  portFrom: unit(parsePortFrom, {
    type: 'string',
    pattern: PORT_FROM_PATTERN,
    examples: ['env:PORT', 'arg:--port'],
  })
    .optional()
    .describe('How the app learns its port: an environment variable or an argument.'),
  mcpPaths: paths('paths').optional().describe('Streamable HTTP endpoints.'),
  ssePaths: paths('paths').optional().describe('Legacy HTTP+SSE endpoints (2024-11-05).'),
  probe: unit(parseProbe, {
    type: 'string',
    pattern: PROBE_PATTERN,
    examples: ['mcp', 'mcp:/mcp', 'sse:/sse', 'http:/health', 'tcp'],
  })
    .optional()
    .describe(
      'How an instance shows that it serves: an MCP handshake (on the first of mcpPaths unless a path is given), an HTTP answer below 400, or an open port. By default `mcp`, and `tcp` where mcpPaths is empty.',
    ),
  ...beforeTraffic,
  weight: weight.optional().describe("The canary's share of the new sessions."),
  window: duration(WINDOW_BOUNDS)
    .optional()
    .describe('How long the canary is watched before the verdict.'),
  steps: steps
    .optional()
    .describe('Several weights one after the other, instead of weight and window.'),
  promote: oneOf(['auto', 'manual'])
    .optional()
    .describe('After a pass: promote at once, or wait for `canary promote`.'),
  ...people,
  onInconclusive: oneOf(['hold', 'extend', 'rollback', 'promote'])
    .optional()
    .describe('What is done when the window ends with too little evidence.'),
  maxWindow: duration(WINDOW_BOUNDS)
    .optional()
    .describe(
      "With `onInconclusive: extend`: the longest that a step's window grows to. Twice the longest window by default.",
    ),
  bake: duration(upTo)
    .optional()
    .describe('How long the canary is kept and judged after main runs the new release.'),
  ready: duration({ minMs: 1000, maxMs: 3_600_000 })
    .optional()
    .describe('How long an instance may take from its start to its first good probe.'),
  drain: section({
    calls: duration({ minMs: 0, maxMs: 3_600_000 })
      .optional()
      .describe('How long calls in flight may finish on a track that is being emptied.'),
    sessions: duration({ minMs: 0, maxMs: 3_600_000 })
      .optional()
      .describe('How long sessions and streams may take to move off it.'),
  })
    .optional()
    .describe('Times for emptying a track.'),
  limits: limits.optional().describe('What the canary is judged by.'),
  minimum: section({
    calls: count(1, 1_000_000).optional().describe('Calls on the canary.'),
    sessions: count(1, 1_000_000).optional().describe('Sessions on the canary.'),
  })
    .optional()
    .describe('The least evidence without which nothing passes.'),
  baseline: oneOf(['stable', 'fresh'])
    .optional()
    .describe(
      "What the canary is compared with: main, or a fresh instance of main's release with the canary's share of the sessions, so that age and load are equal. `fresh` needs baselineAt.",
    ),
  alpha: number(0.000001, 0.5)
    .optional()
    .describe('Chance of a false alarm that the whole judgement may take.'),
  early: z
    .boolean({ error: 'true or false' })
    .optional()
    .describe('Pass as soon as the evidence allows, before the window ends.'),
  checks: customChecks
    .optional()
    .describe(
      "Checks of your own: a PromQL query, an HTTP request or a command, made at intervals. A service's list replaces that of `defaults`.",
    ),
  interval: duration({ minMs: 100, maxMs: 600_000 })
    .optional()
    .describe('How often processes are sampled and the evidence is judged.'),
  replay: oneOf(['never', 'safe', 'always'])
    .optional()
    .describe(
      'When a call may be sent a second time after bytes of it went out; `safe` is for read-only and idempotent tools.',
    ),
  sessionIdle: duration({ minMs: 1000, maxMs: MAX_DURATION_MS })
    .optional()
    .describe('Sessions idle for longer are ended, on the server too.'),
  maxSessions: count(1, 1_000_000).optional().describe('The most live sessions.'),
  callTimeout: duration({ minMs: 1000, maxMs: 86_400_000 })
    .optional()
    .describe('A call without an answer for longer is ended with an error.'),
  ...proxyLimits,
  release: release
    .optional()
    .describe('How a release is made before its canary starts, and what points the canary at it.'),
  canaryEnv: environment
    .optional()
    .describe(
      "Environment of the canary only. A service's variables are added to those of `defaults`.",
    ),
};

/** `steps` says what `weight` and `window` say; a level with both is contradictory. */
const oneForm = {
  not: { anyOf: [{ required: ['steps', 'weight'] }, { required: ['steps', 'window'] }] },
};

const service = section({
  app: appName.optional().describe("The PM2 app that is main. By default the service's name."),
  canaryApp: appName
    .optional()
    .describe("The PM2 app that is made for the canary. By default the app's name with `-canary`."),
  listen: address.describe('Where agents connect: a port on 127.0.0.1, or HOST:PORT.'),
  stable: address.describe('Where main listens.'),
  canary: address.describe('Where the canary listens: a free port.'),
  ecosystem: z
    .string({ error: "a file's path" })
    .min(1, { error: "a file's path" })
    .optional()
    .describe(
      "The ecosystem file that main was started from, relative to this file's folder. By default it is looked for in main's folders.",
    ),
  baselineAt: address
    .optional()
    .describe('Where the baseline listens with `baseline: fresh`: a free port.'),
  baselineApp: appName
    .optional()
    .describe(
      "The PM2 app that is made for the baseline. By default the app's name with `-baseline`.",
    ),
  ...settings,
}).meta(oneForm);

function fileShape<T extends z.ZodType, U extends z.ZodRawShape>(services: T, schedule: U) {
  return section({
    defaults: section(settings).meta(oneForm).optional().describe('Settings for all services.'),
    services: services.describe('The services, by name.'),
    groups: named(group, 'groups').optional().describe('Services that are upgraded as one run.'),
    schedules: named(section(schedule).meta(oneTarget), 'schedules')
      .optional()
      .describe('When services or groups are upgraded by themselves.'),
    orchestrator: orchestratorSection,
    proxy: proxySection,
    notify: notifiers.optional().describe('Who is told of what happens to rollouts, and how.'),
    pm2Home: z
      .string({ error: "a folder's path" })
      .min(1, { error: "a folder's path" })
      .optional()
      .describe(
        "PM2_HOME of the daemon that is steered, relative to this file's folder. By default $PM2_HOME, else ~/.pm2.",
      ),
  });
}

/** The whole file. */
export const fileSchema = fileShape(
  named(service, 'services')
    .refine((services) => Object.keys(services).length > 0, {
      error: 'a map of at least one service',
    })
    .meta({ minProperties: 1 }),
  schedule,
);

/** The file with everything optional: what is left of a faulty one can still be cross-checked. */
export const draftSchema = fileShape(
  named(service.partial(), 'services'),
  section(schedule).partial().shape,
).partial();

/** What was read, in base units; nothing is filled in. */
export type FileDraft = z.output<typeof draftSchema>;
export type Settings = NonNullable<FileDraft['defaults']>;
export type ServiceSettings = NonNullable<FileDraft['services']>[string];

/** For the table of defaults. */
export const settingsSchema = section(settings);
