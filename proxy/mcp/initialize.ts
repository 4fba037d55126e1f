/**
 * A client's `initialize`: where the track of a session is decided, and its id is minted. A server
 * that gives no session id gets no session: its clients are told apart by their credentials.
 */
import type { Track } from '../../common/protocol.js';
import { headerOf, SESSION_HEADER } from '../headers.js';
import type { LiveCall } from '../live-call.js';
import type { Acquired, Binding, Pin } from '../pin.js';
import { clientNameIn } from '../placement.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import type { ResponseHead } from '../http1/response-head.js';
import { streamableConnector } from './connector.js';
import { negotiatedBy } from './handshake.js';
import { Post } from './post.js';
import type { PostRequest } from './post-request.js';

/** Larger `initialize` requests are refused: each is kept for as long as its session lives. */
export const MAX_INITIALIZE_BYTES = 64 * 1024;

/** The pin of a session that does not exist yet. */
class Newcomer implements Pin {
  readonly label = 'new';
  readonly clientId = null;

  private readonly plane: Plane;
  private picked: Track;

  constructor(plane: Plane, track: Track) {
    this.plane = plane;
    this.picked = track;
  }

  get track(): Track {
    return this.picked;
  }

  acquire(): Acquired {
    const { tracks, sessions } = this.plane;
    // The route may have changed while it waited for an instance.
    if (!tracks.mayStay(this.picked)) this.picked = sessions.split.pick(tracks.open()) ?? 'stable';
    const { track } = this;
    const upstream = tracks.upstream(track);
    if (upstream === null) return { kind: 'unavailable', track, reason: 'the track is not routed' };
    const binding: Binding = { track, upstream, upstreamId: null, generation: 0, calls: new Set() };
    return { kind: 'bound', binding };
  }

  forget(): void {
    return;
  }

  unreachable(binding: Binding, waitedMs: number): void {
    this.picked = this.plane.tracks.failover(binding.track, waitedMs) ?? this.picked;
  }

  began(binding: Binding, call: LiveCall): void {
    this.plane.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.plane.tracks.meter(binding.track).live.delete(call);
  }
}

/** Serves an `initialize`. Never rejects. */
export async function serveInitialize(plane: Plane, request: PostRequest): Promise<void> {
  const chosen = plane.placement.of(request.req, clientNameIn(request.body));
  const track = chosen ?? plane.sessions.split.pick(plane.tracks.open()) ?? 'stable';
  let session: Session | null = null;
  const post: Post = new Post(plane, new Newcomer(plane, track), request, {
    onHead: (head, binding) => {
      const upstreamId = sessionIdIn(head);
      if (upstreamId === null) return;
      session ??= opened(plane, request, binding.track, chosen !== null);
      session.adopt(binding, upstreamId);
      plane.sessions.save(session);
      post.opened(session);
    },
    onText: (text) => {
      if (session === null) return;
      session.negotiated = negotiatedBy(request.body, json(text));
      plane.sessions.save(session);
    },
  });
  await post.run();
}

/** Null when the instance gives no session, or refuses. */
function sessionIdIn({ status, headers }: ResponseHead): string | null {
  const id = headerOf(headers, SESSION_HEADER);
  return status >= 300 || id === undefined || id === '' ? null : id;
}

function opened(
  plane: Plane,
  { body, path, headers }: PostRequest,
  track: Track,
  placed: boolean,
): Session {
  const session = plane.sessions.create({
    kind: 'streamable',
    track,
    placed,
    initialize: body,
    path,
    client: null,
    connector: streamableConnector,
  });
  session.seen(path, headers);
  return session;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
