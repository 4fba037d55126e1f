/** From a fault to what it does to the world. */
import type { Excuse } from '../excuse.js';
import type { Fault } from '../fault.js';
import type { Theatre } from '../theatre.js';
import { setClock } from './clock.js';
import { corrupt } from './corrupt.js';
import { takeDescriptors } from './descriptors.js';
import { fillDisk, makeReadOnly } from './disk.js';
import { kill } from './kill.js';
import { byAnotherHand } from './pm2.js';
import { takeProcesses } from './processes.js';
import { reboot } from './reboot.js';
import { stop } from './stop.js';
import { spoilUpstream } from './upstream.js';

/** A fault that has been done. */
export interface Injected {
  /** Undoes it, after its time: what an operator or the machine would do. */
  heal(): Promise<void>;
  /** What it may cost the agents; asked for after `heal`. */
  excuses(): readonly Excuse[];
  /** When another hand started main from its own file, Unix milliseconds. */
  readonly mainReplacedAtMs?: () => number;
  /** The memory of the rollout is lost. */
  readonly losesHistory?: boolean;
}

/** Does it. Null: what it befalls is not there, or the machine does not allow it. */
export function inject(theatre: Theatre, fault: Fault): Injected | null | Promise<Injected | null> {
  switch (fault.kind) {
    case 'kill':
      return kill(theatre, fault);
    case 'stop':
      return stop(theatre, fault);
    case 'pm2':
      return byAnotherHand(theatre, fault);
    case 'reboot':
      return reboot(theatre, fault);
    case 'full-disk':
      return fillDisk(theatre, fault);
    case 'read-only':
      return makeReadOnly(theatre, fault);
    case 'corrupt':
      return corrupt(theatre, fault);
    case 'clock':
      return setClock(theatre, fault);
    case 'descriptors':
      return takeDescriptors(theatre, fault);
    case 'processes':
      return takeProcesses(theatre, fault);
    case 'upstream':
      return spoilUpstream(theatre, fault);
  }
}
