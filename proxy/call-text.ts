/**
 * What Prometheus is told of finished calls. It is by far the most of a scrape (services × tracks ×
 * tools × outcomes and buckets), so its text is kept between scrapes (numbered-text.ts).
 */
import { OUTCOMES, type Outcome } from '../common/protocol.js';
import { LATENCY_BOUNDS_S, type CallMeter, type ToolMeter, type ToolSeries } from './call-meter.js';
import { NumberedText, type Place } from './numbered-text.js';

/** A service's finished calls. */
export interface MeteredCalls {
  readonly service: string;
  readonly calls: CallMeter;
}

const CALLS = 'canary_mcp_calls_total';
const DURATION = 'canary_mcp_call_duration_seconds';

export class CallText {
  private readonly calls = new NumberedText(
    header(CALLS, 'counter', 'Finished calls by track, tool and outcome.'),
  );
  private readonly durations = new NumberedText(
    header(DURATION, 'histogram', "From a request's arrival to the last byte of its answer."),
  );
  private readonly rows = new Map<ToolMeter, Row>();

  /** Everything that was counted until now; it changes with the next call of this. */
  render(services: Iterable<MeteredCalls>): Buffer[] {
    for (const { service, calls } of services) {
      for (const series of calls.series()) this.write(service, series);
    }
    return [this.calls.bytes, this.durations.bytes];
  }

  private write(service: string, { track, tool, meter }: ToolSeries): void {
    let row = this.rows.get(meter);
    if (row === undefined) {
      row = this.add(`service="${escaped(service)}",track="${track}",tool="${escaped(tool)}"`);
      this.rows.set(meter, row);
    }
    for (const [outcome, place] of row.outcomes) {
      this.calls.setInteger(place, meter.outcomes[outcome]);
    }
    const { cumulative, sumS } = meter.duration;
    row.buckets.forEach((place, i) => this.durations.setInteger(place, cumulative[i] ?? 0));
    this.durations.setSeconds(row.sum, sumS);
    this.durations.setInteger(row.count, cumulative.at(-1) ?? 0);
  }

  private add(labels: string): Row {
    const addDuration = (suffix: string, le = ''): Place =>
      this.durations.addLine(`${DURATION}_${suffix}{${labels}${le}}`);
    return {
      outcomes: OUTCOMES.map(
        (outcome) =>
          [outcome, this.calls.addLine(`${CALLS}{${labels},outcome="${outcome}"}`)] as const,
      ),
      buckets: [...LATENCY_BOUNDS_S, '+Inf'].map((le) => addDuration('bucket', `,le="${le}"`)),
      sum: addDuration('sum'),
      count: addDuration('count'),
    };
  }
}

/** Where the numbers of one tool on one track are. */
interface Row {
  readonly outcomes: readonly (readonly [outcome: Outcome, place: Place])[];
  readonly buckets: readonly Place[];
  readonly sum: Place;
  readonly count: Place;
}

function header(name: string, type: string, help: string): string {
  return `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** A label's value: backslashes, quotes and line feeds are escaped (Prometheus text format 0.0.4). */
function escaped(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
}
