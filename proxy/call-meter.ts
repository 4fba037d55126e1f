/**
 * One service's finished calls, counted for Prometheus by track and tool. Counting costs a look-up
 * and an increment; labels are made when the metrics are read.
 */
import { Durations } from '../common/durations.js';
import { OUTCOMES, type Outcome, type Track } from '../common/protocol.js';

/** Tools with a label of their own; the others share one. */
export const MAX_TOOLS = 100;
const OTHER_TOOLS = 'other';

/** Upper bounds of the buckets of latencies, in seconds; one more takes what is above. */
export const LATENCY_BOUNDS_S = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

/** The calls of one tool on one track. */
export class ToolMeter {
  readonly outcomes: Record<Outcome, number>;
  readonly duration = new Durations(LATENCY_BOUNDS_S);

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
  /** From a call's arrival to the first byte of its answer, by track. */
  readonly firstByte: Readonly<Record<Track, Durations>> = {
    stable: new Durations(LATENCY_BOUNDS_S),
    canary: new Durations(LATENCY_BOUNDS_S),
    baseline: new Durations(LATENCY_BOUNDS_S),
  };
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
    if (firstByteMs !== null) this.firstByte[track].observe(firstByteMs);
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
