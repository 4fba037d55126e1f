/** The faults that there are, and how one is drawn (pure). What each does to the world is in inject/. */
import type { Random } from '../judge/random.js';
import { named } from '../named.js';

/** Whom a fault befalls. The proxy is the process that serves, its holder the one that PM2 runs. */
const TARGETS = ['orchestrator', 'proxy', 'holder', 'canary', 'main', 'daemon'] as const;
export type Target = (typeof TARGETS)[number];

/** How long a fault lasts before it is healed. */
interface Lasting {
  readonly awayMs: number;
}

export type Fault = Lasting &
  /** SIGKILL. A daemon is started again, and its dump resurrected. */
  (
    | { readonly kind: 'kill'; readonly target: Target }
    /** SIGSTOP and SIGCONT. */
    | { readonly kind: 'stop'; readonly target: Target }
    /** Another hand's `pm2 COMMAND`; who stopped or deleted main starts it again. */
    | {
        readonly kind: 'pm2';
        readonly command: 'restart' | 'reload' | 'stop' | 'delete';
        readonly target: 'main' | 'canary';
      }
    /** Everything dies at once; PM2 comes back with its dump: the first one, or one made just before. */
    | { readonly kind: 'reboot'; readonly saved: boolean }
    /** No byte is left where the state folder is. */
    | { readonly kind: 'full-disk' }
    /** Nothing in the state folder can be written. */
    | { readonly kind: 'read-only' }
    /** A database is overwritten, or cut in half, and its owner killed. */
    | {
        readonly kind: 'corrupt';
        readonly target: 'orchestrator' | 'proxy';
        readonly how: 'garbage' | 'half';
      }
    /** The clock of all processes of the stage is set, and set right again. */
    | { readonly kind: 'clock'; readonly byMs: number }
    /** The process can open no more files. */
    | { readonly kind: 'descriptors'; readonly target: Target }
    /** No process of the stage can start another one, or a thread. */
    | { readonly kind: 'processes' }
    /** Main and the canary answer late, not at all, or not on the connections that there are. */
    | { readonly kind: 'upstream'; readonly how: 'slow' | 'dead' | 'half-open' }
  );

export type FaultKind = Fault['kind'];

type Draw<K extends FaultKind> = (random: Random) => Omit<Extract<Fault, { kind: K }>, 'awayMs'>;

const HOUR_MS = 3_600_000;

const DRAWS: { readonly [K in FaultKind]: Draw<K> } = {
  kill: (random) => ({ kind: 'kill', target: pick(random, TARGETS) }),
  stop: (random) => ({ kind: 'stop', target: pick(random, TARGETS) }),
  pm2: (random) => ({
    kind: 'pm2',
    command: pick(random, ['restart', 'reload', 'stop', 'delete'] as const),
    target: pick(random, ['main', 'canary'] as const),
  }),
  reboot: (random) => ({ kind: 'reboot', saved: random.chance(0.5) }),
  'full-disk': () => ({ kind: 'full-disk' }),
  'read-only': () => ({ kind: 'read-only' }),
  corrupt: (random) => ({
    kind: 'corrupt',
    target: pick(random, ['orchestrator', 'proxy'] as const),
    how: pick(random, ['garbage', 'half'] as const),
  }),
  clock: (random) => ({ kind: 'clock', byMs: pick(random, [-24, -1, 1, 24]) * HOUR_MS }),
  descriptors: (random) => ({ kind: 'descriptors', target: pick(random, TARGETS) }),
  processes: () => ({ kind: 'processes' }),
  upstream: (random) => ({
    kind: 'upstream',
    how: pick(random, ['slow', 'dead', 'half-open'] as const),
  }),
};

export const FAULT_KINDS = Object.keys(DRAWS) as readonly FaultKind[];

const LEAST_AWAY_MS = 300;
const MOST_AWAY_MS = 3_000;

/** A fault of the given kind, or of any. */
export function drawFault(random: Random, only: FaultKind | null): Fault {
  const drawn = pick(random, FAULT_KINDS);
  const awayMs = Math.round(LEAST_AWAY_MS + random.uniform() * (MOST_AWAY_MS - LEAST_AWAY_MS));
  return { ...DRAWS[only ?? drawn](random), awayMs };
}

/** An element by chance; the list must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.uniform() * list.length)] as T;
}

/** In words, for a report: `kill main`, `corrupt proxy half`. */
export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
    case 'descriptors':
      return `${fault.kind} ${fault.target}`;
    case 'pm2':
      return `pm2 ${fault.command} ${fault.target}`;
    case 'reboot':
      return fault.saved ? 'reboot after pm2 save' : 'reboot';
    case 'corrupt':
      return `corrupt ${fault.target} (${fault.how})`;
    case 'clock':
      return `clock ${fault.byMs > 0 ? '+' : ''}${fault.byMs / HOUR_MS} h`;
    case 'upstream':
      return `upstream ${fault.how}`;
    case 'full-disk':
    case 'read-only':
    case 'processes':
      return fault.kind;
  }
}

/** @throws Error when there is no such kind. */
export function asFaultKind(text: string | undefined): FaultKind | null {
  if (text === undefined || text === '') return null;
  return named('fault', text, FAULT_KINDS);
}
