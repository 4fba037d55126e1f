/**
 * Overrides: which track the operator, or a client that may, has chosen for a new session. Such a
 * session is *placed*: it never enters the split, and its calls are marked in the call log, since it is
 * no sample of all sessions.
 *
 * A `never` outweighs an `always`, whoever says it. An address is that of the connection: what a
 * header says of it can be forged.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.js';
import type { Track } from '../common/protocol.js';
import type { ClientMatch, Overrides } from '../config/types.js';
import type { Tracks } from './tracks.js';

const MARK = 'placed-';

/** The name that a placed session has in the call log. It is stored with the session. */
export function placedLabel(label: string): string {
  return `${MARK}${label}`;
}

/** Whether a session's name is that of a placed one. */
export function isPlaced(label: string): boolean {
  return label.startsWith(MARK);
}

/** Clients of one list. */
class Matches {
  private readonly names: ReadonlySet<string>;
  private readonly addresses = new BlockList();

  constructor(matches: readonly ClientMatch[]) {
    this.names = new Set(matches.flatMap((each) => (each.kind === 'client' ? [each.name] : [])));
    for (const each of matches) {
      if (each.kind === 'client') continue;
      const { address, bits } = each;
      this.addresses.addSubnet(address, bits, isIPv6(address) ? 'ipv6' : 'ipv4');
    }
  }

  has(clientName: string | null, address: string): boolean {
    if (clientName !== null && this.names.has(clientName)) return true;
    return this.addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

export class Placement {
  private readonly header: string | null;
  private readonly always: Matches;
  private readonly never: Matches;
  private readonly tracks: Tracks;

  constructor({ header, always, never }: Overrides, tracks: Tracks) {
    this.header = header;
    this.always = new Matches(always);
    this.never = new Matches(never);
    this.tracks = tracks;
  }

  /**
   * The track that is chosen for the client's new session; null where the split decides, also because
   * the chosen track takes no new sessions now.
   * @param clientName from `clientInfo` of its `initialize`, null when that is not known (yet).
   */
  of(req: IncomingMessage, clientName: string | null): Track | null {
    const wanted = this.wanted(req, clientName);
    return wanted !== null && this.tracks.open().some(({ item }) => item === wanted)
      ? wanted
      : null;
  }

  private wanted(req: IncomingMessage, clientName: string | null): Track | null {
    const address = req.socket.remoteAddress ?? '';
    const asked = this.header === null ? undefined : req.headers[this.header];
    if (asked === 'never' || this.never.has(clientName, address)) return 'stable';
    return asked === 'always' || this.always.has(clientName, address) ? 'canary' : null;
  }
}

const initializeSchema = z.object({
  params: z.object({ clientInfo: z.object({ name: z.string() }) }),
});

/** The client's name in the body of an `initialize`; null when there is none. */
export function clientNameIn(initialize: Buffer): string | null {
  const parsed = initializeSchema.safeParse(parseJson(initialize.toString('utf8')));
  return parsed.success ? parsed.data.params.clientInfo.name : null;
}
