/** A suite's report as JUnit XML, as build servers read it (pure). */
import type { CaseReport, SuiteReport } from './report.js';

/** What XML 1.0 does not allow in a document, escaped or not (section 2.2). */
// eslint-disable-next-line no-control-regex -- those are what is taken out
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** A whole document. Characters that XML cannot hold become a question mark. */
export function junit(suite: string, { cases, tookMs }: SuiteReport): string {
  const of = (outcome: CaseReport['outcome']): number =>
    cases.filter((each) => each.outcome === outcome).length;
  const counts = `tests="${cases.length}" failures="${of('failed')}" skipped="${of('skipped')}" errors="0" time="${seconds(tookMs)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(suite)}" ${counts}>`,
    ...cases.map((each) => testcase(suite, each)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase(suite: string, { name, outcome, problems, tookMs }: CaseReport): string {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}" time="${seconds(tookMs)}"`;
  if (outcome === 'passed') return `${head}/>`;
  const tag = outcome === 'failed' ? 'failure' : 'skipped';
  return `${head}><${tag} message="${escaped(problems.join('; '))}"/></testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

function escaped(text: string): string {
  return text
    .replaceAll(FORBIDDEN, '?')
    .replaceAll(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? '');
}
