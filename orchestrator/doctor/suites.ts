/** Whether the smoke suites can be used. */
import { readSuite } from '../smoke/suite.js';
import { failure, ok, type Diagnosis } from './diagnosis.js';
import { servicesOf, type Facts } from './facts.js';

export function checkSuites(facts: Facts): Diagnosis[] {
  return servicesOf(facts).flatMap(({ name, smoke }) => {
    if (smoke === null) return [];
    const check = `${name} smoke`;
    const reading = readSuite(smoke.suite);
    if (reading.ok) return [ok(check, `${smoke.suite} has ${reading.suite.calls.length} calls`)];
    const [problem] = reading.problems;
    const { place = null, path = '', message = 'it cannot be read' } = problem ?? {};
    const at = `${smoke.suite}${place === null ? '' : `:${place.line}`}`;
    const what = path === '' ? message : `${path}: ${message}`;
    return [failure(check, `${at}: ${what}`, 'canary validate shows all that is wrong')];
  });
}
