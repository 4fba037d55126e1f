import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TRACK_HEADER } from '../../proxy/headers.js';

const doc = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8');

test('the handler of docs/tracing.md makes an attribute of the header that the proxy sends', async () => {
  const example = /```js\nimport [^\n]*\n([^`]*)```/.exec(doc)?.[1] ?? '';
  const code = `export const set = []; const trace = { getActiveSpan: () => ({ setAttribute: (...pair) => set.push(pair) }) };\n${example}`;
  const made = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    set: unknown[];
    tellTrack(req: object, res: object, next: () => void): void;
  };
  let called = 0;
  for (const headers of [{ [TRACK_HEADER]: 'canary' }, {}]) {
    made.tellTrack({ headers }, {}, () => (called += 1));
  }
  expect(called).toBe(2);
  expect(made.set).toEqual([
    ['canary.track', 'canary'],
    ['canary.track', 'none'],
  ]);
});

test('docs/tracing.md names the header wherever a collector is told of it', () => {
  const named = [...doc.matchAll(/REQUEST(?:_HEADERS)?=(\S+)|requestHeaders: \['([^']+)'\]/g)];
  expect(named.map(([, variable, option]) => variable ?? option)).toEqual(
    Array.from({ length: 3 }, () => TRACK_HEADER),
  );
});
