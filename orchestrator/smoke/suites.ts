/** Whether the suites that a configuration names can be used. */
import type { Problem } from '../../config/problem.js';
import type { CanaryConfig } from '../../config/types.js';
import { readSuite } from './suite.js';

/** Everything that is wrong in the services' suite files, each file once. */
export function suiteProblems({ services }: Pick<CanaryConfig, 'services'>): readonly Problem[] {
  const files = Object.values(services).flatMap(({ smoke }) => smoke?.suite ?? []);
  return [...new Set(files)].flatMap((file) => {
    const reading = readSuite(file);
    return reading.ok ? [] : reading.problems;
  });
}
