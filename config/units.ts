/**
 * The values of `canary.yaml` and of the command line as people write them, read into base units.
 * Each parser takes whatever YAML or a flag gave it and returns an outcome: the value, or what was
 * wanted instead. The `*_PATTERN` strings are what the JSON Schema tells editors; a parser accepts
 * no text that its pattern refuses.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { HostPort, PortFrom, Probe, Step } from './types.js';

/** The value that was read, or what was wanted (to be put after "wanted "). */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly wanted: string };

const read = <T>(value: T): Parsed<T> => ({ ok: true, value });

/** The outcome of a value that is none. */
export const refused = (wanted: string): Parsed<never> => ({ ok: false, wanted });

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Node's timers hold 2^31-1 ms (24.8 days) and fire at once beyond that. */
export const MAX_DURATION_MS = 24 * DAY_MS;

const DURATION_UNITS = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
] as const;

// No counted repetitions in these: nested, they grow into programs that V8 has no memory for.
const NUMBER = '\\d+(?:\\.\\d+)?';
const DURATION = `(?=\\d)${DURATION_UNITS.map(([unit]) => `(?:${NUMBER}${unit})?`).join(' ?')}`;
const PERCENT = '(?:100(?:\\.0+)?|\\d\\d?(?:\\.\\d+)?) ?%';
const STEP = `${PERCENT} for ${DURATION}`;
/** Between two steps: the rollout waits for a person. */
const GATE = 'wait';
const PATH = "/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*";

export const DURATION_PATTERN = `^${DURATION}$`;
export const SIZE_PATTERN = `^${NUMBER} ?(?:[bB]|[kKmMgGtT](?:[iI]?[bB])?)$`;
export const PERCENT_PATTERN = `^${PERCENT}$`;
export const ADDRESS_PATTERN = '^(?:(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):)?[0-9]+$';
export const PORT_FROM_PATTERN =
  '^(?:env:[A-Za-z_][A-Za-z0-9_]*|arg:--?[A-Za-z0-9][A-Za-z0-9_.-]*)$';
export const PROBE_PATTERN = `^(?:tcp|mcp|(?:mcp|sse|http):${PATH})$`;
export const PATH_PATTERN = `^${PATH}$`;
export const RELEASE_VALUE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$';
export const VALUE_NAME_PATTERN = '^[A-Za-z][A-Za-z0-9_-]{0,31}$';
export const STEPS_PATTERN = `^${STEP}(?:, ?(?:${GATE}, ?)?${STEP})*$`;

/** The most steps that one rollout may have. */
export const MAX_STEPS = 20;

/** Inclusive bounds of a duration, in milliseconds. */
export interface DurationBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** `90s`, `1h30m`, `500ms`, `1.5h` → whole milliseconds. The units go from large to small. */
export function parseDuration(
  value: unknown,
  { minMs, maxMs }: DurationBounds = { minMs: 0, maxMs: MAX_DURATION_MS },
): Parsed<number> {
  if (typeof value !== 'string' || !new RegExp(DURATION_PATTERN).test(value)) {
    return refused('a duration with its unit, such as 90s, 30m or 1h30m');
  }
  const parts = value.matchAll(/(?<count>[\d.]+)(?<unit>ms|[dhms])/g);
  const unitMs = new Map<string, number>(DURATION_UNITS);
  let ms = 0;
  for (const { groups } of parts) {
    ms += Number(groups?.['count']) * (unitMs.get(groups?.['unit'] ?? '') ?? Number.NaN);
  }
  ms = Math.round(ms);
  if (ms >= minMs && ms <= maxMs) return read(ms);
  return refused(`a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`);
}

/** The inverse of {@link parseDuration}: 5,400,000 → `1h30m`. Takes whole milliseconds. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [unit, size] of DURATION_UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || '0s';
}

/** A time that passed, to the second: 90,400 → `1m30s`. */
export function formatSeconds(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / SECOND_MS) * SECOND_MS));
}

/**
 * `380MB` → 380,000,000 bytes. kB, MB, GB, TB count in thousands; KiB, MiB, GiB, TiB in 1024s, and
 * so do the bare K, M, G, T, as in PM2's `max_memory_restart: '300M'`. Capitals don't matter.
 */
export function parseSize(value: unknown): Parsed<number> {
  const wanted = refused('a size with its unit, such as 380MB (1000s), 380MiB or 380M (1024s)');
  if (typeof value !== 'string' || !new RegExp(SIZE_PATTERN).test(value)) return wanted;
  const [, count, prefix, suffix] = /^([\d.]+) ?([kmgt]?)(i?b)?$/i.exec(value) ?? [];
  const base = suffix?.toLowerCase() === 'b' ? 1000 : 1024;
  const power = ['', 'k', 'm', 'g', 't'].indexOf((prefix ?? '').toLowerCase());
  const bytes = Math.round(Number(count) * base ** power);
  return Number.isSafeInteger(bytes) && bytes > 0 ? read(bytes) : wanted;
}

/** `10%` or 0.1 → 0.1. From 0 to 1. */
export function parseRatio(value: unknown): Parsed<number> {
  if (typeof value === 'number' && value >= 0 && value <= 1) return read(value);
  if (typeof value === 'string' && new RegExp(PERCENT_PATTERN).test(value)) {
    // The decimal point is shifted in the text: 0.7 / 100 is not the number nearest to 0.007.
    return read(Number(`${value.replace(/ ?%/, '')}e-2`));
  }
  return refused('a ratio from 0 to 1 or 0% to 100%, such as 10% or 0.1');
}

/** A ratio above 0: a share of the sessions that is one. */
export function parseWeight(value: unknown): Parsed<number> {
  const ratio = parseRatio(value);
  if (ratio.ok && ratio.value > 0) return ratio;
  return refused('a share above 0 and up to 1 (100%), such as 10% or 0.1');
}

/** 0.005 → `0.5%`. */
export function formatRatio(ratio: number): string {
  return `${Number((ratio * 100).toFixed(6))}%`;
}

/** `8080` (text or number) → 127.0.0.1:8080; `0.0.0.0:8080`, `[::1]:80`, `localhost:80` as they are. */
export function parseAddress(value: unknown): Parsed<HostPort> {
  const wanted = refused('a port from 1 to 65535 or HOST:PORT, such as 8080 or 127.0.0.1:8080');
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !new RegExp(ADDRESS_PATTERN).test(text)) return wanted;
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? '127.0.0.1' : readHost(text.slice(0, colon));
  const port = Number(text.slice(colon + 1));
  return host === null || port < 1 || port > 65_535 ? wanted : read({ host, port });
}

/** An address or a name without its brackets; null when it is neither. */
function readHost(text: string): string | null {
  if (text.startsWith('[')) return isIPv6(text.slice(1, -1)) ? text.slice(1, -1) : null;
  if (/^[\d.]+$/.test(text)) return isIPv4(text) ? text : null;
  const labels = text.split('.');
  return labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
    ? text.toLowerCase()
    : null;
}

/** The inverse of {@link parseAddress}. */
export function formatAddress({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `env:PORT` or `arg:--port`. */
export function parsePortFrom(value: unknown): Parsed<PortFrom> {
  if (typeof value !== 'string' || !new RegExp(PORT_FROM_PATTERN).test(value)) {
    return refused('env:NAME or arg:FLAG, such as env:PORT or arg:--port');
  }
  const name = value.slice('env:'.length);
  return read(value.startsWith('env:') ? { kind: 'env', name } : { kind: 'arg', flag: name });
}

/** A probe as written: `mcp` alone leaves its path to the service's first MCP path. */
export type WrittenProbe = Probe | { readonly kind: 'mcp'; readonly path: null };

/** `mcp`, `mcp:/path`, `sse:/path`, `http:/path` or `tcp`. */
export function parseProbe(value: unknown): Parsed<WrittenProbe> {
  if (typeof value !== 'string' || !new RegExp(PROBE_PATTERN).test(value)) {
    return refused('mcp, mcp:/PATH, sse:/PATH, http:/PATH or tcp');
  }
  if (value === 'tcp') return read({ kind: 'tcp' });
  if (value === 'mcp') return read({ kind: 'mcp', path: null });
  const colon = value.indexOf(':');
  const kind = value.slice(0, colon) as 'mcp' | 'sse' | 'http';
  return read({ kind, path: value.slice(colon + 1) });
}

/**
 * `10% for 30m, 25% for 30m, wait, 50% for 1h`: at least one step, at most {@link MAX_STEPS}. `wait`
 * is the gate of the step before it.
 */
export function parseSteps(value: unknown): Parsed<Step[]> {
  const wanted = refused(
    `1 to ${MAX_STEPS} steps such as "10% for 30m, 25% for 30m, wait, 50% for 1h"`,
  );
  if (typeof value !== 'string' || !new RegExp(STEPS_PATTERN).test(value)) return wanted;
  const texts = value.split(',').map((text) => text.trim());
  if (texts.filter((text) => text !== GATE).length > MAX_STEPS) return wanted;
  const steps: Step[] = [];
  for (const [index, text] of texts.entries()) {
    if (text === GATE) continue;
    const [weightText, windowText] = text.split(' for ');
    const weight = parseWeight(weightText);
    if (!weight.ok) return refused(`steps whose weight is ${weight.wanted}`);
    const window = parseDuration(windowText, WINDOW_BOUNDS);
    if (!window.ok) return refused(`steps whose window is ${window.wanted}`);
    const gate = texts[index + 1] === GATE ? 'manual' : 'auto';
    steps.push({ weight: weight.value, windowMs: window.value, gate });
  }
  return read(steps);
}

/** What a step's window may be. */
export const WINDOW_BOUNDS: DurationBounds = { minMs: SECOND_MS, maxMs: MAX_DURATION_MS };

/**
 * What a release is made with, as `--version` and `--set` give it: no character that a shell, a
 * path or pip reads as anything but itself.
 */
export function parseReleaseValue(value: unknown): Parsed<string> {
  return typeof value === 'string' && new RegExp(RELEASE_VALUE_PATTERN).test(value)
    ? read(value)
    : refused(
        '1 to 64 letters, digits, dots, underscores, plus signs and hyphens that begin with a letter or digit, such as 1.23.2',
      );
}
