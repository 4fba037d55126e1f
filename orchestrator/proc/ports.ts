/**
 * Who listens on a TCP port: the inodes of listening sockets are looked up among the open files of
 * processes. PM2 itself reports no ports.
 */
import { allPids } from './files.js';
import { listenersSeenBy, socketsOf } from './listeners.js';
import { treePids } from './tree.js';

export type PortOwner =
  /** Every listener on the port belongs to the tree; `pid` is one that does. */
  | { readonly kind: 'tree'; readonly pid: number }
  /** PM2's daemon holds the socket, as it does for apps in cluster mode. */
  | { readonly kind: 'daemon' }
  /** Somebody else listens (too). Null: a process that cannot be looked into. */
  | { readonly kind: 'other'; readonly pid: number | null }
  | { readonly kind: 'nobody' };

/** Who listens on a port, seen from the tree of processes below `rootPid`. */
export function portOwner(port: number, rootPid: number, daemonPid: number | null): PortOwner {
  const inodes = listeningInodes(port, rootPid);
  if (inodes.size === 0) return { kind: 'nobody' };
  const inTree = treePids(rootPid).find((pid) => take(inodes, pid));
  if (inodes.size === 0 && inTree !== undefined) return { kind: 'tree', pid: inTree };
  if (inTree === undefined && daemonPid !== null && socketsOf(daemonPid).some((i) => inodes.has(i)))
    return { kind: 'daemon' };
  return { kind: 'other', pid: holderOf(inodes) };
}

/** A process that listens on the port, for messages; null when none does or none can be seen. */
export function portHolder(port: number): number | null {
  return holderOf(listeningInodes(port, 'self'));
}

/** Takes the sockets that a process holds out of the set; says whether there were any. */
function take(inodes: Set<string>, pid: number): boolean {
  return socketsOf(pid).filter((inode) => inodes.delete(inode)).length > 0;
}

function holderOf(inodes: ReadonlySet<string>): number | null {
  if (inodes.size === 0) return null;
  return allPids().find((pid) => socketsOf(pid).some((inode) => inodes.has(inode))) ?? null;
}

function listeningInodes(port: number, pid: number | 'self'): Set<string> {
  const onPort = listenersSeenBy(pid).filter((listener) => listener.port === port);
  return new Set(onPort.map(({ inode }) => inode));
}
