import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVICE_DEFAULTS } from '../../config/defaults.js';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const security = read('docs/security.md');

const defaults: Readonly<Record<string, unknown>> = SERVICE_DEFAULTS;

/** A product, a shift or a number, as limits are written. */
function valueOf(expression: string): number {
  const [a = NaN, b] = expression.replaceAll('_', '').split(/<<|\*/).map(Number);
  if (b === undefined) return a;
  return expression.includes('<<') ? a * 2 ** b : a * b;
}

test('every test that docs/security.md names is there', () => {
  const named = [...security.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});

const limits = [...security.matchAll(/^\| [^|]+ \| ([^|]+) \| `([^`]+)` ?(\w*) \|$/gm)];

test.each(limits.map(([, at, where, name]) => [`${where} ${name}`, at!, where!, name!]))(
  'the limit %s is as docs/security.md has it',
  (_, at, where, name) => {
    const told = at.replaceAll(',', '');
    if (name === '') {
      expect(`${defaults[where] as string | number}`).toBe(told);
      return;
    }
    const written = new RegExp(`const ${name} = ([^;]+);`).exec(read(where))?.[1] ?? '';
    expect(valueOf(written)).toBe(Number(told));
  },
);

test('the table of limits is read', () => {
  expect(limits).toHaveLength(21);
});
