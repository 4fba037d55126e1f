/** Which of the rollout's two specs main should hold in a phase, and whether it holds the other one (pure). */
import { sameSpec, type AppSpec } from '../pm2/spec.js';
import { mainTouched, type Rollout } from './rollout.js';

type Specs = Pick<Rollout, 'phase' | 'oldSpec' | 'newSpec'>;

/** The spec that main should hold. One that came up on neither release should get its old one back. */
export function specOfMain({ phase, oldSpec, newSpec }: Specs): AppSpec {
  const takesBack = phase.kind === 'rolling-back' || phase.kind === 'held';
  return mainTouched(phase) && !takesBack ? newSpec : oldSpec;
}

/**
 * Main was given the one release and holds the other again: a new daemon started what PM2's dump
 * had, which is brought up to date only at the end.
 */
export function hasOtherRelease(rollout: Specs, spec: AppSpec): boolean {
  const { phase, oldSpec, newSpec } = rollout;
  const wanted = specOfMain(rollout);
  const other = wanted === newSpec ? oldSpec : newSpec;
  return mainTouched(phase) && sameSpec(spec, other) && !sameSpec(spec, wanted);
}
