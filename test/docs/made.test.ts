import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../common/package.js';
import { configJsonSchema } from '../../config/json-schema.js';
import { madePages } from '../../tools/docs/pages.js';

const onDisk = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');

test.each(Object.entries(madePages()))('%s is what `npm run docs` makes', (path, text) => {
  expect(onDisk(path)).toBe(text);
});

test('the schema that `canary init` names to editors is in the package', () => {
  const shipped: unknown = JSON.parse(onDisk('dist/config/canary.schema.json'));
  expect(shipped).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
