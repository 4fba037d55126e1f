import fc from 'fast-check';
import { expect, it } from 'vitest';
import { junit } from '../../../orchestrator/smoke/junit.js';
import type { CaseReport } from '../../../orchestrator/smoke/report.js';

const passed: CaseReport = {
  name: 'echo',
  outcome: 'passed',
  problems: [],
  attempts: 1,
  tookMs: 12,
};

it('counts and names the cases', () => {
  const failed: CaseReport = {
    ...passed,
    name: 'a<b',
    outcome: 'failed',
    problems: ['wanted "x" & y'],
  };
  const skipped: CaseReport = { ...passed, name: 'c', outcome: 'skipped', problems: ['too late'] };
  expect(junit('scraper', { cases: [passed, failed, skipped], tookMs: 1_500 })).toBe(
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" skipped="1" errors="0" time="1.500">
  <testsuite name="scraper" tests="3" failures="1" skipped="1" errors="0" time="1.500">
    <testcase classname="scraper" name="echo" time="0.012"/>
    <testcase classname="scraper" name="a&lt;b" time="0.012"><failure message="wanted &quot;x&quot; &amp; y"/></testcase>
    <testcase classname="scraper" name="c" time="0.012"><skipped message="too late"/></testcase>
  </testsuite>
</testsuites>
`,
  );
});

// XML 1.0, production [2] Char: everything else may not occur.
const CHARACTERS = /^(?:[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\u{10000}-\u{10ffff}])*$/u;
const ATTRIBUTE = '"(?:[^<&"]|&(?:amp|lt|gt|quot|apos|#9|#10|#13);)*"';
const TESTCASE = new RegExp(
  `^ *<testcase classname=${ATTRIBUTE} name=${ATTRIBUTE} time="0.012"><failure message=${ATTRIBUTE}/></testcase>$`,
  'u',
);

it('is well-formed whatever a server says', () => {
  const wild = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(wild, wild, (name, problem) => {
      const failed: CaseReport = { ...passed, name, outcome: 'failed', problems: [problem] };
      const lines = junit('s', { cases: [failed], tookMs: 1 }).split('\n');
      expect(lines).toHaveLength(7);
      for (const line of lines) expect(CHARACTERS.test(line)).toBe(true);
      expect(TESTCASE.test(lines[3]!)).toBe(true);
    }),
  );
});
