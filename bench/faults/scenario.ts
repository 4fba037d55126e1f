/**
 * What happens in a run, drawn from its seed (pure): a rollout, and faults at points of it. A point
 * is a place that the rollout gets to and a time after that, so that a seed means the same on a fast
 * machine and on a slow one.
 */
import { Random } from '../judge/random.js';
import { drawFault, pick, type Fault, type FaultKind } from './fault.js';

/** What is wrong with the release, if anything. */
export const RELEASES = [
  'good',
  'failing',
  'hangs-at-start',
  'dies',
  'ignores-sigint',
  'forks',
] as const;
export type ReleaseKind = (typeof RELEASES)[number];

/** What the person does who began the rollout. */
export type Story = 'let-it-go' | 'rolls-back-on-trial' | 'rolls-back-while-baking';

/** A person's answer when the rollout is held. */
export type Answer = 'promote' | 'rollback' | 'resume';

interface Injection {
  readonly fault: Fault;
  /** `observing`, `promoting/returning`. */
  readonly place: string;
  /** After the rollout got there. */
  readonly delayMs: number;
}

export interface Scenario {
  readonly seed: number;
  readonly release: ReleaseKind;
  readonly story: Story;
  /** With a smoke test before the first traffic. */
  readonly smoke: boolean;
  readonly whenHeld: Answer;
  /** In the order of their places. */
  readonly injections: readonly Injection[];
  /** The places that the rollout passes if nothing comes between. */
  readonly path: readonly string[];
}

const MAX_DELAY_MS = 500;
const PAIR_CHANCE = 0.4;
/** Of a pair, both in the same place. */
const TOGETHER_CHANCE = 0.5;

/** The scenario of a seed; `only` leaves out all other kinds of faults. */
export function scenarioOf(seed: number, only: FaultKind | null = null): Scenario {
  const random = new Random(seed);
  const release = random.chance(0.5) ? 'good' : pick(random, RELEASES);
  const story = storyOf(random, release);
  const smoke = random.chance(0.3);
  const whenHeld = pick(random, ['promote', 'rollback', 'resume'] as const);
  const path = pathOf(release, story, smoke);
  const first = injection(random, path, only);
  const injections = [first];
  if (random.chance(PAIR_CHANCE)) {
    const second = injection(random, path, only);
    injections.push(random.chance(TOGETHER_CHANCE) ? { ...second, place: first.place } : second);
  }
  injections.sort((a, b) => path.indexOf(a.place) - path.indexOf(b.place));
  return { seed, release, story, smoke, whenHeld, injections, path };
}

function injection(random: Random, path: readonly string[], only: FaultKind | null): Injection {
  return {
    place: pick(random, path),
    delayMs: Math.floor(random.uniform() * MAX_DELAY_MS),
    fault: drawFault(random, only),
  };
}

function storyOf(random: Random, release: ReleaseKind): Story {
  if (!isHealthy(release)) return 'let-it-go';
  if (random.chance(0.5)) return 'let-it-go';
  return random.chance(0.5) ? 'rolls-back-on-trial' : 'rolls-back-while-baking';
}

/** Nothing about the release is a reason to take it back. */
function isHealthy(release: ReleaseKind): boolean {
  return release === 'good' || release === 'ignores-sigint' || release === 'forks';
}

const PROMOTION = [
  'promoting/leaving-main',
  'promoting/restarting-main',
  'promoting/returning',
  'baking',
];

function pathOf(release: ReleaseKind, story: Story, smoke: boolean): readonly string[] {
  const back = ['rolling-back/returning', 'rolling-back/removing'];
  if (release === 'hangs-at-start') return ['starting', ...back];
  const trial = ['starting', ...(smoke ? ['smoking'] : []), 'observing'];
  if (!isHealthy(release) || story === 'rolls-back-on-trial') return [...trial, ...back];
  if (story === 'let-it-go') return [...trial, ...PROMOTION, 'retiring'];
  const swap = ['rolling-back/leaving-main', 'rolling-back/restarting-main'];
  return [...trial, ...PROMOTION, ...swap, ...back];
}
