import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable } from '../../../orchestrator/cli/printable.js';

it('leaves nothing that steers a terminal, in texts and in keys', () => {
  const clear = '\u001b[2J\u009b31m\u202e\u0007';
  expect(
    printable({ reason: `a${clear}`, [`k${clear}`]: [`line\n\tnext${clear}`, 1, null] }),
  ).toEqual({
    reason: 'a?[2J?31m??',
    'k?[2J?31m??': ['line\n\tnext?[2J?31m??', 1, null],
  });
});

it('leaves everything else as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!/\\u|[\u007f-\u009f\u00ad]|\p{Cf}/u.test(JSON.stringify(value)));
      expect(printable(value)).toEqual(value);
    }),
  );
});
