import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfigText } from '../../config/load.js';
import { readSuiteText } from '../../orchestrator/smoke/suite.js';
import { documents } from './documents.js';

const blocks = documents().flatMap((document) => document.blocks);
const of = (info: string) => blocks.filter((block) => block.info === info);

const SERVICE = 'services:\n  mcp-scraper:\n    listen: 8080\n    stable: 3001\n    canary: 3101\n';

/** A block without services is a part of the file: keys of a service, when it is indented, or of the file. */
function framed(text: string): string {
  return /^services:/m.test(text) ? text : `${SERVICE}${text}`;
}

function problemsOf(text: string): unknown {
  const loaded = loadConfigText('/etc/canary/canary.yaml', text, { HOME: '/home/op' });
  return loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('the examples in YAML', () => {
  test('are of known kinds', () => {
    const kinds = new Set(blocks.map(({ info }) => info).filter((info) => /^ya?ml/.test(info)));
    expect([...kinds].filter((kind) => !KINDS.includes(kind))).toEqual([]);
  });

  test.each([...of('yaml'), ...of('yaml fragment')])('$at is a canary.yaml', ({ text }) => {
    expect(problemsOf(framed(text))).toEqual([]);
  });

  test.each(of('yaml suite'))('$at is a smoke suite', ({ text }) => {
    expect(readSuiteText('suite.yaml', text)).toMatchObject({ ok: true });
  });

  test.each(of('yaml other'))("$at is YAML of another program's", ({ text }) => {
    expect(parse(text)).toBeTypeOf('object');
  });
});

const KINDS = ['yaml', 'yaml fragment', 'yaml suite', 'yaml other'];
