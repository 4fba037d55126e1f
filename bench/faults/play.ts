/** Plays a scenario: the rollout, the person who began it, the faults at their points, and what heals them. */
import { setTimeout as delay } from 'node:timers/promises';
import { whereOf } from '../../demo/control.js';
import type { RolloutView } from '../../orchestrator/control/messages.js';
import { instanceLost, type Excuse } from './excuse.js';
import { nameOf } from './fault.js';
import { inject, type Injected } from './inject/index.js';
import type { Answer, Scenario } from './scenario.js';
import { until, type Theatre } from './theatre.js';

/** A fault as it was really done. */
export interface Fired {
  readonly name: string;
  /** Where the rollout was; null: nothing was there that it could befall. */
  readonly place: string | null;
}

export interface Played {
  readonly fired: readonly Fired[];
  readonly excuses: readonly Excuse[];
  readonly mainReplacedAtMs: number;
  readonly historyLost: boolean;
}

const REACH_MS = 40_000;
const END_MS = 60_000;
const THINKING_MS = 600;

/** Plays until the rollout is over, or should be. `log` is told what was done when. */
export async function play(theatre: Theatre, scenario: Scenario, log: string[]): Promise<Played> {
  const note = (text: string): void => void log.push(`${Date.now()} ${text}`);
  await theatre.start(scenario.release);
  const done: Injected[] = [];
  /** Nobody knows of the rollout any more. */
  const isForgotten = (): boolean => done.some((each) => each.losesHistory === true);
  const person = playPerson(theatre, scenario, { note, isForgotten });
  const healings: Promise<void>[] = [];
  const fired: Fired[] = [];
  for (const { fault, place, delayMs } of scenario.injections) {
    await reach(theatre, scenario.path, { place, isForgotten });
    await delay(delayMs);
    const seen = await theatre.look();
    const injected = await inject(theatre, fault);
    const at = seen === null ? 'unseen' : whereOf(seen);
    fired.push({ name: nameOf(fault), place: injected === null ? null : at });
    note(`${nameOf(fault)} at ${at}: ${injected === null ? 'nothing there' : 'done'}`);
    if (injected === null) continue;
    done.push(injected);
    healings.push(injected.heal().then(() => note(`${nameOf(fault)}: healed`)));
  }
  await Promise.all([...healings, person]);
  if (!isForgotten()) await concludeRollout(theatre, scenario.whenHeld, note);
  return {
    fired,
    excuses: [
      ...done.flatMap((each) => each.excuses()),
      ...theatre.deaths().map((atMs) => instanceLost(atMs, atMs, 'the release dies')),
    ],
    mainReplacedAtMs: Math.max(0, ...done.map((each) => each.mainReplacedAtMs?.() ?? 0)),
    historyLost: isForgotten(),
  };
}

/** Waits until the rollout is at a place of its path, past it, or on another way. */
async function reach(
  theatre: Theatre,
  path: readonly string[],
  { place, isForgotten }: { readonly place: string; readonly isForgotten: () => boolean },
): Promise<void> {
  const wanted = path.indexOf(place);
  const isThere = (view: RolloutView): boolean => {
    if (view.endedAtMs !== null) return true;
    const at = path.indexOf(whereOf(view));
    return at === -1 || at >= wanted;
  };
  await until(async () => {
    const view = await theatre.look();
    return view === null ? isForgotten() : isThere(view);
  }, REACH_MS);
}

async function playPerson(
  theatre: Theatre,
  { story, path }: Scenario,
  {
    note,
    isForgotten,
  }: { readonly note: (text: string) => void; readonly isForgotten: () => boolean },
): Promise<void> {
  if (story === 'let-it-go') return;
  const place = story === 'rolls-back-on-trial' ? 'observing' : 'baking';
  await reach(theatre, path, { place, isForgotten });
  await delay(THINKING_MS);
  // An orchestrator that is away is asked again.
  const taken = await until(async () => {
    const view = await theatre.look();
    if (view === null) return isForgotten();
    if (view.endedAtMs !== null) return true;
    return theatre.steer('rollback');
  }, REACH_MS);
  note(`a person asked to roll back: ${taken === true ? 'taken' : 'not taken'}`);
}

/** Waits for the end, and answers when the rollout is held: first as the scenario says, then with rollback. */
async function concludeRollout(
  theatre: Theatre,
  whenHeld: Answer,
  note: (text: string) => void,
): Promise<void> {
  let answer: Answer = whenHeld;
  await until(async () => {
    const view = await theatre.look();
    if (view === null) return false;
    if (view.endedAtMs !== null) return true;
    if (view.phase !== 'held') return false;
    await delay(THINKING_MS);
    note(`held (${view.held ?? ''}): a person answers ${answer}`);
    await theatre.steer(answer);
    answer = 'rollback';
    return false;
  }, END_MS);
}
