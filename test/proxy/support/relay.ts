/** A TCP relay in front of a server, which cuts connections at will while both sides live. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../support/ports.js';

export class Relay {
  readonly port: number;
  private readonly server: Server;
  private readonly pairs = new Set<{ inner: Socket; outer: Socket }>();

  private constructor(port: number, target: number) {
    this.port = port;
    this.server = createServer((outer) => {
      const inner = connect(target, '127.0.0.1');
      const pair = { inner, outer };
      this.pairs.add(pair);
      for (const socket of [inner, outer]) {
        socket.on('error', () => socket.destroy());
        socket.once('close', () => {
          this.pairs.delete(pair);
          inner.destroy();
          outer.destroy();
        });
      }
      outer.pipe(inner);
      inner.pipe(outer);
    });
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(await freePort(), target);
    await relay.reopen();
    return relay;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { inner, outer } of [...this.pairs]) {
      inner.resetAndDestroy();
      outer.resetAndDestroy();
    }
  }

  /** Listens again after `close`. */
  async reopen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }
}
