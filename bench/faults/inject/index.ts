/** From a fault to what it does to the world. */
import type { Excuse } from '../excuse.js';
import type { Fault } from '../fault.js';
import type { Theatre } from '../theatre.js';
import { kill } from './kill.js';
import { stop } from './stop.js';

/** A fault that has been done. */
export interface Injected {
  /** Undoes it, after its time: what an operator or the machine would do. */
  heal(): Promise<void>;
  /** What it may cost the agents; asked for after `heal`. */
  excuses(): readonly Excuse[];
}

/** Does it. Null: what it befalls is not there. */
export function inject(theatre: Theatre, fault: Fault): Injected | null | Promise<Injected | null> {
  switch (fault.kind) {
    case 'kill':
      return kill(theatre, fault);
    case 'stop':
      return stop(theatre, fault);
  }
}
