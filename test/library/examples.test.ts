/** The examples of docs/library.md, compiled against the package as it is installed, and run. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../common/package.js';

const doc = readFileSync(join(packageRoot(), 'docs', 'library.md'), 'utf8');
const examples = [...doc.matchAll(/```ts\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)].map(
  ([, code = '', output = ''], index) => ({ name: `example-${index + 1}`, code, output }),
);

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'canary-library-'));
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'canary-orchestrator'));
  const types = join(packageRoot(), 'node_modules', '@types', 'node');
  symlinkSync(types, join(folder, 'node_modules', '@types', 'node'));
  writeFileSync(file('package.json'), '{"type":"module"}');
  for (const { name, code } of examples) writeFileSync(file(`${name}.ts`), code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('they compile', () => {
  const program = ts.createProgram(
    examples.map(({ name }) => file(`${name}.ts`)),
    {
      strict: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(folder, 'node_modules', '@types')],
    },
  );
  const said = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  expect(said).toEqual([]);
  program.emit();
});

test.each(examples)('$name prints what the document says', ({ name, output }) => {
  const printed = execFileSync(process.execPath, [file(`${name}.js`)], { encoding: 'utf8' });
  expect(printed).toBe(output);
});

test('every import that the package offers is there', async () => {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  const { exports } = JSON.parse(text) as { exports: Record<string, { default: string }> };
  for (const [name, target] of Object.entries(exports)) {
    if (name.endsWith('.json')) continue;
    expect(doc).toContain(`\`canary-orchestrator${name.slice(1)}\``);
    expect(await import(join(packageRoot(), target.default))).toBeTypeOf('object');
  }
});
