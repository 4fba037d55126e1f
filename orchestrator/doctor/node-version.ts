/** Whether this Node is one that the program runs on. */
import { ok, failure, type Diagnosis } from './diagnosis.js';

/** As in package.json, `engines`. */
const LEAST = [20, 19] as const;

export function checkNodeVersion(version: string): Diagnosis[] {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isNew = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  return [
    isNew
      ? ok('node', version)
      : failure(
          'node',
          `got ${version}, wanted ${LEAST.join('.')} or later`,
          'install a newer Node',
        ),
  ];
}
