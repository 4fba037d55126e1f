import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareContracts } from '../../../orchestrator/contract/compare.js';
import type { Contract, ToolPromise } from '../../../orchestrator/contract/contract.js';
import {
  contractLines,
  contractReason,
  contractSummary,
  judgeChanges,
} from '../../../orchestrator/contract/verdict.js';
import { inputs } from './schemas.js';

const search: ToolPromise = {
  name: 'search',
  description: 'Finds pages.',
  input: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
  output: { type: 'object', properties: { hits: { type: 'integer' } }, required: ['hits'] },
  hints: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
};

const contract: Contract = {
  server: 'scraper',
  version: '1.0.0',
  revisions: ['2025-11-25', '2025-06-18'],
  capabilities: ['prompts', 'tools'],
  tools: [search],
  prompts: [{ name: 'ask', description: '', arguments: [{ name: 'topic', required: false }] }],
  resources: [{ uri: 'file:///a', mimeType: 'text/plain' }],
  templates: [{ uriTemplate: 'db://{id}', mimeType: null }].map(({ uriTemplate, mimeType }) => ({
    uri: uriTemplate,
    mimeType,
  })),
};

/** `!` breaks, `+` does not. */
function lines(canary: Partial<Contract>): string[] {
  return compareContracts(contract, { ...contract, ...canary }).map(
    ({ about, text, breaking }) => `${breaking ? '!' : '+'} ${about} ${text}`,
  );
}

const tool = (change: Partial<ToolPromise>): Partial<Contract> => ({
  tools: [{ ...search, ...change }],
});

describe('a contract', () => {
  it('is never broken by itself, whatever its tools take', () => {
    fc.assert(
      fc.property(inputs, inputs, (input, output) => {
        const own = { ...contract, tools: [{ ...search, input, output }] };
        expect(compareContracts(own, structuredClone(own))).toEqual([]);
      }),
    );
  });

  it('whose every difference is undone is the same again', () => {
    fc.assert(
      fc.property(inputs, inputs, (one, other) => {
        const of = (input: unknown): Contract => ({ ...contract, tools: [{ ...search, input }] });
        const there = compareContracts(of(one), of(other));
        const back = compareContracts(of(other), of(one));
        const count = (changes: typeof there, breaking: boolean): number =>
          changes.filter((change) => change.breaking === breaking).length;
        expect(count(there, true)).toBe(count(back, false));
        expect(count(there, false)).toBe(count(back, true));
      }),
    );
  });
});

describe('what breaks main’s clients', () => {
  it.each<[string, Partial<Contract>, string[]]>([
    ['a tool that is gone', { tools: [] }, ['! tool search is gone']],
    [
      'a tool with another name',
      { tools: [{ ...search, name: 'find' }] },
      ['! tool search is gone, maybe renamed find', '+ tool find is new'],
    ],
    [
      'a parameter that is required now',
      tool({
        input: {
          type: 'object',
          properties: { query: { type: 'string' }, lang: { type: 'string' } },
          required: ['query', 'lang'],
        },
      }),
      ['! tool search input lang: is required now', '+ tool search input lang: is new'],
    ],
    [
      'an output that may be more',
      tool({ output: { type: 'object', properties: { hits: { type: 'number' } }, required: [] } }),
      [
        '! tool search output hits: is no longer required',
        '! tool search output hits: number is allowed now',
      ],
    ],
    [
      'an output without a promise',
      tool({ output: null }),
      ['! tool search output schema is gone'],
    ],
    [
      'a tool that no longer only reads',
      tool({ hints: { ...search.hints, readOnly: false } }),
      ['! tool search is no longer read-only'],
    ],
    [
      'a tool that writes and destroys',
      tool({ hints: { readOnly: false, destructive: true, idempotent: false, openWorld: true } }),
      [
        '! tool search is no longer read-only',
        '! tool search is no longer harmless',
        '! tool search is no longer idempotent',
      ],
    ],
    [
      'a prompt’s argument that is required now',
      {
        prompts: [{ name: 'ask', description: '', arguments: [{ name: 'topic', required: true }] }],
      },
      ['! prompt ask topic is required now'],
    ],
    ['a resource that is gone', { resources: [] }, ['! resource file:///a is gone']],
    [
      'a resource of another type',
      { resources: [{ uri: 'file:///a', mimeType: 'text/html' }] },
      ['! resource file:///a type was text/plain, is text/html'],
    ],
    ['a template that is gone', { templates: [] }, ['! template db://{id} is gone']],
    [
      'a protocol revision that is gone',
      { revisions: ['2025-11-25'] },
      ['! server protocol 2025-06-18 is gone'],
    ],
    [
      'a capability that is gone',
      { capabilities: ['tools'] },
      ['! server capability prompts is gone'],
    ],
  ])('%s', (_, canary, wanted) => {
    expect(lines(canary)).toEqual(wanted);
  });
});

describe('what does them no harm', () => {
  it.each<[string, Partial<Contract>, string[]]>([
    ['another version', { version: '2.0.0' }, ['+ server version was 1.0.0, is 2.0.0']],
    ['another description', tool({ description: 'Finds.' }), ['+ tool search description changed']],
    [
      'an output with more',
      tool({
        output: {
          type: 'object',
          properties: { hits: { type: 'integer' }, took: { type: 'number' } },
          required: ['hits'],
        },
      }),
      ['+ tool search output took: is new'],
    ],
    [
      'an optional parameter more, and a wider one',
      tool({
        input: { type: 'object', properties: { query: {}, lang: {} }, required: [] },
      }),
      [
        '+ tool search input query: is no longer required',
        '+ tool search input query: type was string, is any',
        '+ tool search input lang: is new',
      ],
    ],
    [
      'a revision more',
      { revisions: [...contract.revisions, '2026-07-28'] },
      ['+ server protocol 2026-07-28 is new'],
    ],
  ])('%s', (_, canary, wanted) => {
    expect(lines(canary)).toEqual(wanted);
  });
});

describe('the verdict', () => {
  const changes = compareContracts(contract, {
    ...contract,
    version: '2',
    tools: [],
    templates: [],
  });

  it('refuses what breaks, and names it', () => {
    const verdict = judgeChanges(changes, { breaking: 'refuse', allow: [] });
    expect(verdict).toMatchObject({ refused: 2, allowed: 0, more: 0 });
    expect(contractReason(verdict)).toBe(
      'the contract breaks: tool search is gone; template db://{id} is gone',
    );
    expect(contractLines(verdict)).toEqual([
      '! tool search is gone',
      '! template db://{id} is gone',
      '+ server version was 1.0.0, is 2',
    ]);
    expect(contractSummary(verdict)).toBe('2 breaking, 1 harmless differences');
  });

  it('lets pass what is allowed by name, by pattern, or altogether', () => {
    const refused = (allow: string[], breaking: 'refuse' | 'allow' = 'refuse'): number =>
      judgeChanges(changes, { breaking, allow }).refused;
    expect(refused(['tool search'])).toBe(1);
    expect(refused(['tool s*', 'template *'])).toBe(0);
    expect(refused(['tool sea', 'template db://id'])).toBe(2);
    expect(refused([], 'allow')).toBe(0);
  });

  it('is bounded, and loses nothing that breaks', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({
      about: `tool t${index}`,
      text: 'is new',
      breaking: index === 4_999,
    }));
    const verdict = judgeChanges(many, { breaking: 'refuse', allow: [] });
    expect(verdict.changes).toHaveLength(100);
    expect(verdict.more).toBe(4_900);
    expect(verdict.changes[0]).toMatchObject({ about: 'tool t4999' });
    expect(contractReason(verdict)).toContain('t4999');
  });
});
