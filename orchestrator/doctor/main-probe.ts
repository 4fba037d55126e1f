/** Whether each main answers the probe that its canary will have to answer. */
import type { ServiceConfig } from '../../config/types.js';
import { probe } from '../probe/probe.js';
import { failure, ok, type Diagnosis } from './diagnosis.js';
import { mainOf, servicesOf, type Facts } from './facts.js';

const TIMEOUT_MS = 5_000;

export function probeMains(facts: Facts): Promise<Diagnosis[]> {
  const running = servicesOf(facts).filter((service) => mainOf(facts, service)?.pid != null);
  return Promise.all(running.map(probeMain));
}

async function probeMain({ name, stable, probe: how }: ServiceConfig): Promise<Diagnosis> {
  const check = `${name} probe`;
  const answer = await probe(stable, how, TIMEOUT_MS);
  if (!answer.ok) return failure(check, answer.reason, 'set probe to what the app answers');
  const { server } = answer;
  const who = server === null ? 'main answers' : `main is ${server.name} ${server.version}`;
  return ok(check, `${who} (${how.kind})`);
}
