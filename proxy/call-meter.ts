/**
 * One service's finished calls, counted for Prometheus by track and tool. Counting costs a look-up
 * and an increment; labels are made when the metrics are read.
 */
import { OUTCOMES, type Outcome, type Track } from '../common/protocol.js';
import { Latencies } from './latencies.js';

/** Tools with a label of their own; the others share one. */
export const MAX_TOOLS = 100;
export const OTHER_TOOLS = 'other';

/** The calls of one tool on one track. */
export class ToolMeter {
  readonly outcomes: Record<Outcome, number>;
  readonly duration = new Latencies();
  readonly firstByte = new Latencies();

  constructor() {
    this.outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<
      Outcome,
      number
    >;
  }
}

export interface MeteredCall {
  readonly track: Track;
  readonly tool: string;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  /** Null when no byte of an answer came. */
  readonly firstByteMs: number | null;
}

export interface ToolSeries {
  readonly track: Track;
  readonly tool: string;
  readonly meter: ToolMeter;
}

export class CallMeter {
  private readonly tools = new Set<string>();
  private readonly byTrack: Record<Track, Map<string, ToolMeter>> = {
    stable: new Map(),
    canary: new Map(),
    baseline: new Map(),
  };

  count({ track, tool, outcome, latencyMs, firstByteMs }: MeteredCall): void {
    const meter = this.byTrack[track].get(tool) ?? this.meterFor(track, tool, outcome);
    meter.outcomes[outcome] += 1;
    meter.duration.observe(latencyMs);
    if (firstByteMs !== null) meter.firstByte.observe(firstByteMs);
  }

  /** Everything counted so far. */
  *series(): Iterable<ToolSeries> {
    for (const [track, meters] of Object.entries(this.byTrack) as [
      Track,
      Map<string, ToolMeter>,
    ][]) {
      for (const [tool, meter] of meters) yield { track, tool, meter };
    }
  }

  private meterFor(track: Track, tool: string, outcome: Outcome): ToolMeter {
    const label = this.labelOf(tool, outcome);
    const meters = this.byTrack[track];
    const meter = meters.get(label) ?? new ToolMeter();
    meters.set(label, meter);
    return meter;
  }

  /** A client's own mistake makes no label: it may have made the tool's name up. */
  private labelOf(tool: string, outcome: Outcome): string {
    if (this.tools.has(tool)) return tool;
    if (outcome === 'client_error' || this.tools.size >= MAX_TOOLS) return OTHER_TOOLS;
    this.tools.add(tool);
    return tool;
  }
}
