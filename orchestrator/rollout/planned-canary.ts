/** The spec of a canary as plans show it, before a rollout has a mark of its own. */
import type { ServiceConfig } from '../../config/types.js';
import { canarySpec } from '../pm2/clone.js';
import type { AppSpec, ReleaseChange } from '../pm2/spec.js';

export function plannedCanary(
  { canaryApp, canary, portFrom, canaryEnv }: ServiceConfig,
  main: AppSpec,
  release: ReleaseChange,
): AppSpec {
  const { port } = canary;
  const request = { name: canaryApp, rollout: 'planned', release, port, portFrom };
  return canarySpec(main, { ...request, env: canaryEnv });
}
