/**
 * What the holder and its workers tell each other. The holder may be of an older release of this
 * program than its worker: messages may be added, and are never changed.
 */
import type { HostPort } from '../../config/types.js';

export type FromWorker =
  /** Program and configuration are loaded. It may take so long to drain. */
  | { readonly kind: 'loaded'; readonly drainLimitMs: number }
  | { readonly kind: 'serving' }
  /** A port is wanted; answered by `bound`. */
  | { readonly kind: 'bind'; readonly address: HostPort }
  | { readonly kind: 'release'; readonly address: HostPort }
  /** Somebody asks for another worker; answered by `replacing`. */
  | { readonly kind: 'replace' };

export type ToWorker =
  /** Its predecessor has ended. The holder was started by the process `starterPid`. */
  | { readonly kind: 'serve'; readonly starterPid: number }
  /** With the socket, when there is no problem. */
  | { readonly kind: 'bound'; readonly address: HostPort; readonly problem: string | null }
  | { readonly kind: 'replacing'; readonly problem: string | null }
  /** Drain and end. */
  | { readonly kind: 'retire' };

/** One address, one socket. */
export function addressKey({ host, port }: HostPort): string {
  return `${host} ${port}`;
}
