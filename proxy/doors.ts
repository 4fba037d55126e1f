/** Where a service's port comes from: this process binds it, or one that holds it for its workers. */
import type { HostPort } from '../config/types.js';

/** A bound socket that another process gave. Opaque: only `server.listen` knows what to do with it. */
export type SocketHandle = object;

export type Bound =
  | { readonly kind: 'bound'; readonly on: HostPort | SocketHandle }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Doors {
  /** What a server is to listen on for that address. Listening may still fail. */
  bind(address: HostPort): Promise<Bound>;
  /** The port is wanted no more: others may have it. */
  release(address: HostPort): void;
}

/** The servers bind their ports themselves. */
export const ownDoors: Doors = {
  bind: (address) => Promise.resolve({ kind: 'bound', on: address }),
  release: () => undefined,
};
