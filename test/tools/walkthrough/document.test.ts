import { describe, expect, it } from 'vitest';
import { firstMissing, stepsOf } from '../../../tools/walkthrough/document.js';

describe('stepsOf', () => {
  const text = [
    '# Title',
    '',
    '```bash',
    'cd /srv',
    "cat > a <<'END'",
    'END',
    '```',
    'and then, not run:',
    '```yaml',
    'a: 1',
    '```',
    '```bash',
    'canary status a',
    'pm2 list',
    '```',
    'which prints',
    '```text',
    'one',
    '  two',
    '```',
    '```text',
    'of nobody',
    '```',
  ].join('\n');

  it('gives the bash blocks in order, each with the text block after it', () => {
    expect(stepsOf(text)).toEqual([
      { line: 4, command: "cd /srv\ncat > a <<'END'\nEND", expected: [], looks: false },
      { line: 13, command: 'canary status a\npm2 list', expected: ['one', '  two'], looks: true },
    ]);
  });

  it('of a text without blocks are none', () => expect(stepsOf('no blocks')).toEqual([]));
});

describe('firstMissing', () => {
  const output = 'a  1\nnoise\n  b │ /srv/x/y │ online\nc';

  it.each([
    [['a 1', 'c']],
    [['a 1', 'b ...', 'c']],
    [['... /srv/.../y ... online']],
    [['...b...x...online...']],
    [[]],
  ])('finds %j', (lines) => expect(firstMissing(lines, output)).toBeNull());

  it.each([
    ['another line', ['d'], 'd'],
    ['a part of a line', ['a'], 'a'],
    ['another order', ['c', 'a 1'], 'a 1'],
    ['a line twice', ['c', 'c'], 'c'],
    ['parts in another order', ['... online ... /srv/...'], '... online ... /srv/...'],
    ['parts that overlap', ['a ... 1'], 'a ... 1'],
  ])('does not take %s for it', (_, lines, missing) => {
    expect(firstMissing(lines, output)).toBe(missing);
  });
});
