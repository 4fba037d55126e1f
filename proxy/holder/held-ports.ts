/**
 * Ports that this process holds and takes no connection from: its workers listen on them. A socket
 * outlives the worker that listens on it, and connections that come meanwhile wait in its queue.
 */
import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { messageOf } from '../../common/message-of.js';
import type { HostPort } from '../../config/types.js';
import { addressKey } from './messages.js';

/** What Node's cluster binds its shared sockets with: bound, not listening. A number is libuv's error. */
type CreateServerHandle = (address: string, port: number, family: number) => Handle | number;
const { _createServerHandle } = net as unknown as { _createServerHandle: CreateServerHandle };

interface Handle {
  getsockname(out: { port?: number }): number;
  close(): void;
}

export type Held =
  | { readonly kind: 'held'; readonly handle: net.Server }
  | { readonly kind: 'refused'; readonly reason: string };

export class HeldPorts {
  private readonly handles = new Map<string, Handle>();

  /** The socket for an address, bound when it is wanted for the first time. */
  async hold(address: HostPort): Promise<Held> {
    const key = addressKey(address);
    const known = this.handles.get(key);
    if (known !== undefined) return { kind: 'held', handle: sendable(known) };
    const bound = await bind(address);
    if (typeof bound === 'string') return { kind: 'refused', reason: bound };
    this.handles.set(key, bound);
    return { kind: 'held', handle: sendable(bound) };
  }

  /** Others may have the port once the worker has closed it, too. */
  release(address: HostPort): void {
    const key = addressKey(address);
    this.handles.get(key)?.close();
    this.handles.delete(key);
  }

  /** Releases what is not among them. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [key, handle] of this.handles) {
      if (addresses.has(key)) continue;
      handle.close();
      this.handles.delete(key);
    }
  }
}

/** Gives the reason when it cannot be bound. */
async function bind({ host, port }: HostPort): Promise<Handle | string> {
  try {
    const { address, family } = await lookup(host);
    const handle = _createServerHandle(address, port, family);
    if (typeof handle === 'number') return reasonOf(handle, { host, port });
    // libuv tells that an address is in use only here, or when a connection is to be accepted.
    const error = handle.getsockname({});
    if (error === 0) return handle;
    handle.close();
    return reasonOf(error, { host, port });
  } catch (error) {
    return messageOf(error);
  }
}

/** In the words of Node's own servers. */
function reasonOf(error: number, { host, port }: HostPort): string {
  const name = getSystemErrorName(error);
  return `listen ${name}: ${name === 'EADDRINUSE' ? 'address already in use ' : ''}${host}:${port}`;
}

/** child.send() passes such handles on as they are; its types know servers and sockets only. */
function sendable(handle: Handle): net.Server {
  return handle as unknown as net.Server;
}
