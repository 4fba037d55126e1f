/** The worker's side of the ports that its holder holds. */
import type { HostPort } from '../../config/types.js';
import type { Bound, Doors, SocketHandle } from '../doors.js';
import { addressKey, type FromWorker } from './messages.js';

/** A holder that is stopped, or overwhelmed, is asked again. */
const BIND_TIMEOUT_MS = 10_000;

export class HeldDoors implements Doors {
  private readonly asked = new Map<string, (bound: Bound) => void>();
  private readonly tell: (message: FromWorker) => void;

  constructor(tell: (message: FromWorker) => void) {
    this.tell = tell;
  }

  bind(address: HostPort): Promise<Bound> {
    return new Promise((resolve) => {
      const key = addressKey(address);
      const timer = setTimeout(
        () => this.asked.get(key)?.({ kind: 'refused', reason: 'the holder does not answer' }),
        BIND_TIMEOUT_MS,
      );
      this.asked.set(key, (bound) => {
        clearTimeout(timer);
        this.asked.delete(key);
        resolve(bound);
      });
      this.tell({ kind: 'bind', address });
    });
  }

  release(address: HostPort): void {
    this.tell({ kind: 'release', address });
  }

  /** The holder's answer. */
  answered(address: HostPort, problem: string | null, handle: SocketHandle | undefined): void {
    const bound: Bound =
      handle === undefined
        ? { kind: 'refused', reason: problem ?? 'the holder gave no socket' }
        : { kind: 'bound', on: handle };
    this.asked.get(addressKey(address))?.(bound);
  }
}
