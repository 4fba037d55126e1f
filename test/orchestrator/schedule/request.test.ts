import { expect, test } from 'vitest';
import { requestFor } from '../../../orchestrator/schedule/request.js';
import { nightly } from '../../support/schedules.js';

test('a service starts what its schedule says, and without an entry its spec as it is', () => {
  const release = 'release: {set: [mcp], prepare: ["make {{version}}"]}';
  const own =
    '{version: 1.4.0, set: {mcp: 1.23.2}, allowBreaking: true, args: [x], env: {A: null}}';
  const schedule = nightly('0 22 * * *', 'UTC', `releases: {a: ${own}}`, release);
  expect(requestFor(schedule, 'a')).toEqual({
    release: { args: ['x'], env: { A: null } },
    version: '1.4.0',
    set: { mcp: '1.23.2' },
    allowBreaking: true,
    dryRun: false,
  });
  expect(requestFor(schedule, 'b')).toEqual({ release: {}, dryRun: false });
});
