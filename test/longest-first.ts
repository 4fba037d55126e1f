/** The order of the test files: what takes longest begins first, so that no worker is left alone with it at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute and more each; the others follow by their last duration, or by their size. */
const LONGEST = [
  'e2e/rollout',
  'e2e/resume',
  'e2e/steer',
  'e2e/nodes',
  'e2e/tutorials',
  'orchestrator/dashboard/page',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return rank < 0 ? LONGEST.length : rank;
}
