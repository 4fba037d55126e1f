/** What serves one service, gathered: handed to the parts of the MCP engine. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { ServiceConfig } from '../config/types.js';
import type { Accounts } from './accounts.js';
import type { ClientKeys } from './client-keys.js';
import type { ClientStreams } from './client-streams.js';
import type { Clients } from './clients.js';
import type { ToolCatalog } from './mcp/tool-catalog.js';
import type { BodyBudget } from './mcp/body.js';
import type { LiveCall } from './live-call.js';
import type { Waiters } from './patience.js';
import type { Placement } from './placement.js';
import type { Sessions } from './sessions.js';
import type { SlowBodies } from './slow-bodies.js';
import type { Tracks } from './tracks.js';

export interface Plane {
  readonly config: ServiceConfig;
  readonly tracks: Tracks;
  readonly sessions: Sessions;
  readonly clients: Clients;
  readonly streams: ClientStreams;
  /** POSTs whose clients wait for an answer, also while no instance has them. */
  readonly posts: Set<LiveCall>;
  readonly placement: Placement;
  readonly keys: ClientKeys;
  readonly catalog: ToolCatalog;
  readonly accounts: Accounts;
  readonly bodies: BodyBudget;
  readonly slowBodies: SlowBodies;
  readonly waiters: Waiters;
  readonly clock: Clock;
  readonly log: Logger;
}
