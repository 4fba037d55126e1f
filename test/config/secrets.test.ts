import { expect, test } from 'vitest';
import { formatProblems } from '../../config/problem.js';
import { hideSecrets } from '../../config/secrets.js';
import { loadConfigText } from '../../config/load.js';

const hide = (text: string) => hideSecrets(text.split('\n')).join('\n');

test('variables keep their names and lose their values', () => {
  const text = ['a:', '  canaryEnv:', '    TOKEN: abc # x', '    "B": c', '', '  weight: 10%'];
  expect(hide(text.join('\n'))).toBe(
    ['a:', '  canaryEnv:', '    TOKEN: ***', '    "B": ***', '', '  weight: 10%'].join('\n'),
  );
});

test.each([
  ['in braces', '  canaryEnv: {TOKEN: s3cret}'],
  ['in a service in braces', '  a: {listen: 1, canaryEnv: {TOKEN: s3cret}, stable: 2}'],
  ['as lines of text', '  canaryEnv:\n    KEY: |\n      BEGIN: s3cret\n      s3cret'],
  ['wrongly indented', '  canaryEnv:\n      A: x\n    TOKEN: s3cret'],
  ['indented by a tab', '    canaryEnv:\n      A: x\n\tTOKEN: s3cret'],
  ['without a space', '  canaryEnv:\n    TOKEN:s3cret'],
  ['under another name', '  env:\n    TOKEN: s3cret'],
  ['quoted', "  'canaryEnv' : {TOKEN: s3cret}"],
])('nothing shows of a value %s', (_, text) => {
  expect(hide(text)).not.toContain('s3cret');
});

test.each([
  ['of a wrong kind', 'canaryEnv: {TOKEN: [s3cret]}'],
  ['that is no map', 'canaryEnv: s3cret'],
  ['of an unknown key', 'secrets: {TOKEN: s3cret}'],
  ['in broken YAML', 'canaryEnv:\n      TOKEN: "s3cret\n      B: *s3cret'],
  ['with an unknown tag', 'canaryEnv: {TOKEN: !s3cret x}'],
])('no problem shows a value %s', (_, line) => {
  const result = loadConfigText('canary.yaml', `services:\n  a:\n    ${line}\n`, {});
  if (result.ok) throw new Error('the file is faulty');
  const text = formatProblems(result.problems, { color: false });
  expect(text).not.toContain('s3cret');
  expect(JSON.stringify(result.problems)).not.toContain('s3cret');
});
