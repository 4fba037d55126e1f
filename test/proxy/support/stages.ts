/** Lab servers with a proxy in front of them, set up and taken down around tests. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ServiceState } from '../../../common/protocol.js';
import { LabServer } from './lab-server.js';
import { route, startProxy, type TestProxy } from './proxies.js';
import { WireClient } from './wire-client.js';

type Overrides = Parameters<typeof startProxy>[1];

/** A proxy in front of one server. */
export class OneServer {
  server!: LabServer;
  proxy!: TestProxy;
}

/** One server, the same for all tests of a `describe`. */
export function oneServer(overrides: Overrides = {}): OneServer {
  const lab = new OneServer();
  beforeAll(async () => {
    lab.server = await LabServer.start();
    lab.proxy = await startProxy({ stable: lab.server.port }, overrides);
  });
  afterAll(async () => {
    await lab.proxy.dispose();
    await lab.server.kill();
  });
  return lab;
}

/** A proxy in front of stable and canary. */
export class TwoServers {
  stable!: LabServer;
  canary!: LabServer;
  proxy!: TestProxy;

  get ports(): { stable: number; canary: number } {
    return { stable: this.stable.port, canary: this.canary.port };
  }

  /** Sets the canary's share, and what is emptied. */
  route(weights: Parameters<typeof route>[1]): Promise<ServiceState> {
    return this.proxy.setRoute(route(this.ports, weights));
  }

  /** A client whose session is on the canary; the next ones may go to either. */
  async onCanary(
    open: (url: string) => Promise<WireClient> = (url) => WireClient.open(url),
  ): Promise<WireClient> {
    await this.route({ canary: 1 });
    const client = await open(this.proxy.url);
    await this.route({ canary: 0.5 });
    return client;
  }
}

/** Two servers, new ones for each test of a `describe`. */
export function twoServers(overrides: Overrides = {}): TwoServers {
  const lab = new TwoServers();
  beforeEach(async () => {
    lab.stable = await LabServer.start({ name: 'stable' });
    lab.canary = await LabServer.start({ name: 'canary' });
    lab.proxy = await startProxy(lab.ports, overrides);
  });
  afterEach(async () => {
    await lab.proxy.dispose();
    await Promise.all([lab.stable.kill(), lab.canary.kill()]);
  });
  return lab;
}
