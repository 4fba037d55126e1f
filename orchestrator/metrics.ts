/** What Prometheus scrapes from the orchestrator. Labels are bounded: services, tracks, phases and checks are few and known. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RolloutView } from './control/messages.js';
import type { Orchestrator } from './orchestrator.js';
import { scheduleMetrics } from './schedule/metrics.js';
import { PHASE_KINDS } from './rollout/phase.js';

const CHECK_STATES = ['pass', 'fail', 'inconclusive', 'error'] as const;
const TRACKS = ['stable', 'canary'] as const;

/** A registry whose gauges are read from the orchestrator at each scrape. */
export function createMetrics(orchestrator: Orchestrator): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const phase = new Gauge({
    name: 'canary_rollout_phase',
    help: 'Phase of the rollout under way: 1 for the present phase, 0 for the others.',
    labelNames: ['service', 'phase'],
    registers: [registry],
  });
  const rss = new Gauge({
    name: 'canary_process_resident_memory_bytes',
    help: 'Resident memory of the whole process tree.',
    labelNames: ['service', 'track'],
    registers: [registry],
  });
  const weight = new Gauge({
    name: 'canary_weight_ratio',
    help: 'Share of the new sessions that the proxy was set to give the track.',
    labelNames: ['service', 'track'],
    registers: [registry],
  });
  const check = new Gauge({
    name: 'canary_check_state',
    help: 'State of each check of the rollout under way: 1 for the present state, 0 for the others.',
    labelNames: ['service', 'check', 'state'],
    registers: [registry],
  });
  new Gauge({
    name: 'canary_rollouts_active',
    help: 'Rollouts under way.',
    registers: [registry],
    collect() {
      const rollouts = orchestrator.live();
      for (const gauge of [phase, rss, weight, check]) gauge.reset();
      this.set(rollouts.length);
      for (const rollout of rollouts) {
        setStates(phase, { service: rollout.service }, 'phase', PHASE_KINDS, rollout.phase);
        for (const track of TRACKS) setTrack(rollout, track, rss, weight);
        for (const { check: name, state } of rollout.assessment?.checks ?? []) {
          setStates(check, { service: rollout.service, check: name }, 'state', CHECK_STATES, state);
        }
      }
    },
  });
  scheduleMetrics(orchestrator, registry);
  return registry;
}

/** 1 for the present state, 0 for every other: a graph then shows when it was which. */
function setStates(
  gauge: Gauge,
  labels: Readonly<Record<string, string>>,
  label: string,
  states: readonly string[],
  present: string,
): void {
  for (const state of states) gauge.set({ ...labels, [label]: state }, state === present ? 1 : 0);
}

function setTrack(
  { service, tracks }: RolloutView,
  track: (typeof TRACKS)[number],
  rss: Gauge,
  weight: Gauge,
): void {
  if (tracks === null) return;
  const { rssBytes, weight: share } = tracks[track];
  if (rssBytes !== null) rss.set({ service, track }, rssBytes);
  weight.set({ service, track }, share);
}
