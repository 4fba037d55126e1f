/** The listening TCP sockets, as the kernel lists them (/proc/PID/net/tcp and tcp6, state 0A). */
import type { HostPort } from '../../config/types.js';
import { link, list, read } from './files.js';
import { treePids } from './tree.js';

/** The state LISTEN in /proc/net/tcp (Linux, include/net/tcp_states.h). */
const LISTEN = '0A';

/** A listening socket; the inode is how it stands among a process' open files. */
export interface Listener extends HostPort {
  readonly inode: string;
}

/**
 * All listening sockets in the network namespace of a process.
 * Columns: sl, local_address, rem_address, st, ..., inode; addresses as HEX:PORT in hexadecimal.
 */
export function listenersSeenBy(pid: number | 'self'): Listener[] {
  return [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]
    .flatMap((path) => read(path).split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row[3] === LISTEN)
    .map((row) => {
      const [address = '', port = ''] = (row[1] ?? '').split(':');
      return { host: hostOf(address), port: parseInt(port, 16), inode: row[9] ?? '' };
    });
}

/** Where a process and its descendants listen, by port, each port once. */
export function treeListeners(rootPid: number): HostPort[] {
  const inodes = new Set(treePids(rootPid).flatMap(socketsOf));
  const own = listenersSeenBy(rootPid).filter(({ inode }) => inodes.has(inode));
  const byPort = new Map(own.map(({ host, port }) => [port, { host, port }] as const));
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}

/** The inodes of a process' open sockets. */
export function socketsOf(pid: number): string[] {
  return list(`/proc/${pid}/fd`).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode === undefined ? [] : [inode];
  });
}

/** An address as text. The kernel writes 32-bit words in the machine's own byte order, here little endian. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const address = new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
  const mapped = address.startsWith('::ffff:');
  return mapped ? bytes.slice(12).join('.') : address;
}
