/**
 * `canary status --watch`: asks again and again and shows what it is told, until a person ends it.
 * An orchestrator that goes away is shown as gone, with what was known last, and waited for.
 */
import type { Clock } from '../../../common/clock.js';
import type { StatusReply } from '../../control/messages.js';
import { EXIT, tryAsk, type ExitCode, type Io } from '../io.js';
import type { Screen } from '../terminal/screen.js';
import { painted } from '../terminal/line.js';
import { changeLines } from './changes.js';
import { shownServices, type WatchDocument } from './document.js';
import { watchView } from './view.js';

const EVERY_MS = 1_000;

/** What a document is shown on. */
interface Display {
  show(doc: WatchDocument): void;
}

/** Ends when the screen is left; without one, with the process. */
export async function watch(
  io: Io,
  clock: Clock,
  only: string | null,
  json: boolean,
): Promise<ExitCode> {
  const screen = json ? undefined : io.screen;
  if (screen === undefined) {
    return look(io, clock, only, json ? jsonLines(io) : plainLines(io), undefined);
  }
  const display = new ScreenDisplay(screen);
  screen.open(() => display.again());
  try {
    await look(io, clock, only, display, screen.ended);
  } finally {
    screen.close();
  }
  if (display.last !== null) io.out(standing(display.last));
  return EXIT.ok;
}

async function look(
  io: Io,
  clock: Clock,
  only: string | null,
  display: Display,
  ended: AbortSignal | undefined,
): Promise<ExitCode> {
  let doc: WatchDocument = { nowMs: clock.now(), status: null, away: null, only };
  const isOver = (): boolean => ended?.aborted === true;
  while (!isOver()) {
    const reply = await tryAsk<StatusReply>(io, '/v1/status');
    const nowMs = clock.now();
    doc =
      reply.kind === 'ok'
        ? { nowMs, status: reply.body, away: null, only }
        : {
            ...doc,
            nowMs,
            away: { sinceMs: doc.away?.sinceMs ?? nowMs, reason: reply.reason },
          };
    if (!isOver()) display.show(doc);
    await clock.sleep(EVERY_MS, ended);
  }
  return EXIT.ok;
}

class ScreenDisplay implements Display {
  readonly #screen: Screen;
  #last: WatchDocument | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** What was shown last; null before the first. */
  get last(): WatchDocument | null {
    return this.#last;
  }

  show(doc: WatchDocument): void {
    this.#last = doc;
    this.again();
  }

  /** Draws it anew, for a screen of another size. */
  again(): void {
    if (this.#last === null) return;
    const { columns, rows, color } = this.#screen;
    const lines = watchView(this.#last, columns).map((line) => painted(line, color));
    const hidden = lines.length - rows;
    const more = `(${hidden + 1} more lines: make the window taller)`.slice(0, columns);
    this.#screen.draw(hidden > 0 ? [...lines.slice(0, rows - 1), more] : lines);
  }
}

function plainLines(io: Io): Display {
  let before: WatchDocument | null = null;
  return {
    show(doc) {
      for (const line of changeLines(before, doc)) io.out(line);
      before = doc;
    },
  };
}

/** A line whenever anything in the answer is new. */
function jsonLines(io: Io): Display {
  let before = '';
  return {
    show(doc) {
      const text = JSON.stringify({ away: doc.away, services: shownServices(doc) });
      if (text !== before) io.out(text);
      before = text;
    },
  };
}

/** What stays on the terminal when the screen is gone. */
function standing(doc: WatchDocument): string {
  return changeLines(null, doc).join('\n');
}
