/** The list `checks` of `canary.yaml`: what may be written, and what is meant by it. */
import { z } from 'zod';
import { CHECK_DEFAULTS } from './defaults.js';
import { count, duration, list, name, number, section, text, uniqueNames } from './shapes.js';
import { fillTemplate, placeholdersIn } from './template.js';
import type { CheckSource, CustomCheck } from './types.js';

const MAX_CHECKS = 50;
/** Beyond this, neighbouring numbers cannot be told apart. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;

/** What stands for a service's own values in a query or an address. */
export interface Placeholders {
  readonly service: string;
  readonly stablePort: number | undefined;
  readonly canaryPort: number | undefined;
}

const KNOWN = new Set(['service', 'stablePort', 'canaryPort'] satisfies (keyof Placeholders)[]);

const template = (wanted: string) =>
  text(/^[^\0]{1,4000}$/s, wanted).refine(
    (value) => placeholdersIn(value).every((name) => KNOWN.has(name as never)),
    { error: 'no placeholders but {{service}}, {{stablePort}} and {{canaryPort}}' },
  );

const urlWanted = 'an address that begins with http:// or https://';
const url = template(urlWanted)
  .regex(/^https?:\/\//, { error: urlWanted })
  .refine((value) => URL.canParse(fillTemplate(value, () => '1')), { error: urlWanted })
  .refine((value) => !/^https?:\/\/[^/?#]*@/.test(value), {
    error: 'an address without a user and a password: they would be shown with it',
  });

const SOURCES = ['promql', 'http', 'command'] as const;
const OF_PROMQL = ['prometheus', 'min', 'max'] as const;

const shape = section({
  name: name().describe('Shown as `custom:NAME`.'),
  promql: template('a PromQL query as text')
    .optional()
    .describe('An instant query that gives one number; it must be within min and max.'),
  prometheus: url.optional().describe('Where the query is asked.'),
  min: number(-MAX_LIMIT, MAX_LIMIT).optional().describe('The least that is good.'),
  max: number(-MAX_LIMIT, MAX_LIMIT).optional().describe('The most that is good.'),
  http: url.optional().describe('A GET that is good with a status below 400.'),
  command: text(/^[^\0]{1,4000}$/s, 'a command as text')
    .optional()
    .describe("A line for `sh -c`, run in this file's folder, that is good with exit code 0."),
  every: duration({ minMs: 1000, maxMs: 86_400_000 }).optional().describe('How often it is made.'),
  timeout: duration({ minMs: 100, maxMs: 600_000 })
    .optional()
    .describe('Without an answer for longer it counts as not measured.'),
  failures: count(1, 1000)
    .optional()
    .describe('So many bad measurements in a row fail the canary.'),
});
type WrittenCheck = z.output<typeof shape>;

/** Exactly one source, each with what belongs to it; the JSON Schema says the same. */
const check = shape
  .superRefine((written, context) => {
    const refuse = (message: string, ...path: string[]): void =>
      context.addIssue({ code: 'custom', message, path });
    const { promql, min, max } = written;
    if (SOURCES.filter((key) => written[key] !== undefined).length !== 1) {
      refuse('exactly one of promql, http and command');
    } else if (promql === undefined) {
      const strange = OF_PROMQL.find((key) => written[key] !== undefined);
      if (strange !== undefined) refuse(`${strange} only beside promql`, strange);
    } else if (min === undefined && max === undefined) {
      refuse('min or max beside promql');
    } else if (min !== undefined && max !== undefined && min > max) {
      refuse('a min that is not above max', 'min');
    }
  })
  .meta({
    oneOf: SOURCES.map((key) => ({
      required: [key],
      not: { anyOf: foreign(key).map((other) => ({ required: [other] })) },
      ...(key === 'promql' ? { anyOf: [{ required: ['min'] }, { required: ['max'] }] } : {}),
    })),
  });

function foreign(source: (typeof SOURCES)[number]): readonly string[] {
  const others = SOURCES.filter((other) => other !== source);
  return source === 'promql' ? others : [...others, ...OF_PROMQL];
}

/** The whole list. */
export const customChecks = list(check, 0, MAX_CHECKS, 'checks').superRefine(uniqueNames);

const defaults = shape
  .pick({ prometheus: true, every: true, timeout: true, failures: true })
  .required()
  .parse(CHECK_DEFAULTS);

/** Fills in the defaults and the service's own values. */
export function resolveCheck(written: WrittenCheck, values: Placeholders): CustomCheck {
  const { name, min = null, max = null, every, timeout, failures } = { ...defaults, ...written };
  const source = sourceOf(written, values);
  return { name, source, min, max, everyMs: every, timeoutMs: timeout, failures };
}

function sourceOf(written: WrittenCheck, values: Placeholders): CheckSource {
  const { promql, prometheus, http, command } = { ...defaults, ...written };
  const filled = (text: string): string =>
    fillTemplate(text, (name) => String(values[name as keyof Placeholders] ?? ''));
  if (http !== undefined) return { kind: 'http', url: filled(http) };
  if (command !== undefined) return { kind: 'command', line: command };
  return { kind: 'promql', query: filled(promql ?? ''), prometheus: filled(prometheus) };
}
