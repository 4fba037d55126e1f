/** What is new since the last look, a line each, for a watch whose output is no screen (pure). */
import type { RolloutView } from '../../control/messages.js';
import { clockTime, headline, transitionText } from '../format.js';
import { harmless } from '../terminal/harmless.js';
import { shownServices, type WatchDocument } from './document.js';
import { outages } from './view.js';

/** The first look tells where everything stands. */
export function changeLines(before: WatchDocument | null, now: WatchDocument): string[] {
  const lines = [
    ...availability(before, now),
    ...shownServices(now).flatMap((service) => {
      const known = before === null ? undefined : shownServices(before).find(byName(service));
      return rolloutChanges(service.service, known?.rollout ?? null, service.rollout, now.nowMs);
    }),
  ];
  return lines.map(harmless);
}

function byName({ service }: { readonly service: string }) {
  return (other: { readonly service: string }): boolean => other.service === service;
}

function availability(
  before: WatchDocument | null,
  { away, status, nowMs }: WatchDocument,
): string[] {
  const at = clockTime(nowMs);
  const wasAway = before !== null && before.away !== null;
  if (away !== null) {
    return wasAway ? [] : [`${at}  canary-orchestrator does not answer: ${away.reason}`];
  }
  const told = before?.status == null ? [] : outages(before.status);
  const found = status === null ? [] : outages(status);
  return [
    ...(wasAway ? [`${at}  canary-orchestrator answers again`] : []),
    ...found.filter((text) => !told.includes(text)).map((text) => `${at}  ${text}`),
    ...(told.length > 0 && found.length === 0 ? [`${at}  PM2 and canary-proxy answer again`] : []),
  ];
}

function rolloutChanges(
  service: string,
  before: RolloutView | null,
  now: RolloutView | null,
  nowMs: number,
): string[] {
  if (now === null) return before === null ? [] : [`${clockTime(nowMs)}  ${service}: no rollout`];
  if (before?.id !== now.id) return [`${clockTime(nowMs)}  ${headline(now, nowMs)}: ${now.reason}`];
  const moves = now.transitions.slice(before.transitions.length);
  return [
    ...moves.map((move) => `${transitionText(move)} [${now.id}]`),
    ...checkChanges(before, now, nowMs),
  ];
}

function checkChanges(before: RolloutView, now: RolloutView, nowMs: number): string[] {
  const states = new Map(before.assessment?.checks.map(({ check, state }) => [check, state]));
  return (now.assessment?.checks ?? [])
    .filter(({ check, state }) => states.get(check) !== state)
    .map(({ check, state, reason }) => {
      const was = states.get(check);
      const change = was === undefined ? state : `${was} -> ${state}`;
      return `${clockTime(nowMs)}  ${check}: ${change}: ${reason} [${now.id}]`;
    });
}
