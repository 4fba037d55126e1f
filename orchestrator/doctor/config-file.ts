/** Whether there is a canary.yaml that can be used. */
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import type { Facts } from './facts.js';

export function checkConfigFile({ configured: { config, problems } }: Facts): Diagnosis[] {
  if (config === null) {
    const remedy = 'canary init writes one; canary validate shows all that is wrong';
    return problems.slice(0, 1).map((problem) => failure('config', problem, remedy));
  }
  const names = Object.keys(config.services);
  return [
    ok('config', `${config.file} is valid (${names.join(', ')})`),
    ...problems.map((problem) => warning('config', problem, 'canary validate')),
  ];
}
