/**
 * Loads `canary.yaml`: text → plain values → what is written, in base units → what is meant, in
 * one frozen object. All problems of a file are found at once: what a faulty file still says
 * rightly is cross-checked too.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { crossCheck } from './checks.js';
import type { Finding } from './finding.js';
import { problemsFrom, removeFaulty } from './issues.js';
import { inOrder, type Problem } from './problem.js';
import { resolveConfig, type ConfigDraft, type ServiceDraft } from './resolve.js';
import { draftSchema, fileSchema } from './schema.js';
import { parseSource, type Path, type Source } from './source.js';
import { readText } from './text-file.js';
import type { CanaryConfig, ServiceConfig } from './types.js';

export type LoadResult =
  | { readonly ok: true; readonly config: CanaryConfig; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads and checks the file. Problems come as data, in the order of the file; nothing is thrown.
 * `env` is asked for PM2_HOME, CANARY_HOME and HOME.
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): LoadResult {
  const reading = readText(file);
  return reading.ok ? loadConfigText(file, reading.text, env) : failed(file, reading.message);
}

/** {@link loadConfig} of text that was read from `file`. */
export function loadConfigText(file: string, text: string, env: NodeJS.ProcessEnv): LoadResult {
  const source = parseSource(file, text);
  const unusable = unusableDocument(source);
  if (unusable !== null) return unusable;
  const problems = [...source.problems];
  const checked = fileSchema.safeParse(source.value);
  if (!checked.success) {
    problems.push(...problemsFrom(checked.error.issues, source, fileSchema));
    removeFaulty(source.value, checked.error.issues);
  }
  const draft = draftSchema.safeParse(source.value);
  if (!draft.success) return { ok: false, problems: inOrder(problems) };
  const config = resolveConfig(resolve(file), draft.data, env);
  const findings = crossCheck(draft.data, config).filter(
    ({ missed = [] }) => !missed.some((path) => source.has(path)),
  );
  const located = (severity: Finding['severity']): Problem[] =>
    findings.filter((f) => f.severity === severity).map((finding) => locate(finding, source));
  problems.push(...located('error'));
  const services = config.services.filter(isComplete);
  if (problems.length > 0 || services.length < config.services.length) {
    return { ok: false, problems: inOrder(problems) };
  }
  return {
    ok: true,
    config: frozen(config, services, digestOf(text)),
    warnings: inOrder(located('warning')),
  };
}

function failed(file: string, message: string): LoadResult {
  return {
    ok: false,
    problems: [{ code: 'unreadable-file', file, place: null, path: '', message }],
  };
}

/** Text from which nothing can be told, beyond what YAML says. */
function unusableDocument(source: Source): LoadResult | null {
  const { value, problems } = source;
  if (value === undefined) return { ok: false, problems: inOrder(problems) };
  if (value === null) {
    return {
      ok: false,
      problems: [source.problemAt('empty-file', [], 'got an empty file, wanted services')],
    };
  }
  return null;
}

function locate({ code, paths, message }: Finding, source: Source): Problem {
  const path: Path = paths.find((candidate) => source.has(candidate)) ?? paths[0] ?? [];
  return source.problemAt(code, path, message);
}

function isComplete(service: ServiceDraft): service is ServiceConfig {
  return [service.listen, service.stable, service.canary].every((address) => address !== undefined);
}

/** Services are looked up by names from outside, hence no prototype to find `constructor` in. */
function frozen(
  config: ConfigDraft,
  services: readonly ServiceConfig[],
  digest: string,
): CanaryConfig {
  const byName = Object.create(null) as Record<string, ServiceConfig>;
  for (const service of services) byName[service.name] = service;
  return deepFreeze({ ...config, digest, services: byName });
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value) as unknown[]) {
    if (typeof part === 'object' && part !== null && !Object.isFrozen(part)) deepFreeze(part);
  }
  return Object.freeze(value);
}
