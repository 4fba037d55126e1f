import { describe, expect, it } from 'vitest';
import { CallMeter, MAX_TOOLS, type MeteredCall } from '../../proxy/call-meter.js';

const call = (over: Partial<MeteredCall> = {}): MeteredCall => ({
  track: 'stable',
  tool: 'read',
  outcome: 'ok',
  latencyMs: 7,
  firstByteMs: 3,
  ...over,
});

const seriesOf = (meter: CallMeter) => [...meter.series()];

describe('CallMeter', () => {
  it('counts by track, tool and outcome', () => {
    const meter = new CallMeter();
    meter.count(call());
    meter.count(call({ outcome: 'tool_error', latencyMs: 70_000 }));
    meter.count(call({ track: 'canary', firstByteMs: null }));
    const [stable, canary] = seriesOf(meter);
    expect(stable).toMatchObject({ track: 'stable', tool: 'read' });
    expect(stable?.meter.outcomes).toMatchObject({ ok: 1, tool_error: 1, cut: 0 });
    expect(stable?.meter.duration.sumS).toBeCloseTo(70.007);
    expect(stable?.meter.duration.cumulative).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(meter.firstByte.stable.cumulative.at(0)).toBe(2);
    expect(canary?.meter.duration.cumulative.at(-1)).toBe(1);
    expect(meter.firstByte.canary.cumulative.at(-1)).toBe(0);
  });

  it('counts a latency on a bound in its bucket', () => {
    const meter = new CallMeter();
    meter.count(call({ latencyMs: 5 }));
    expect(seriesOf(meter)[0]?.meter.duration.cumulative[0]).toBe(1);
  });

  it('ends a flood of tools in one label, on all tracks alike', () => {
    const meter = new CallMeter();
    for (let i = 0; i < 3 * MAX_TOOLS; i += 1) meter.count(call({ tool: `tool-${i}` }));
    meter.count(call({ tool: 'late', track: 'canary' }));
    const tools = seriesOf(meter).map(({ tool }) => tool);
    expect(new Set(tools).size).toBe(MAX_TOOLS + 1);
    const other = seriesOf(meter).find(({ tool }) => tool === 'other');
    expect(other?.meter.outcomes.ok).toBe(2 * MAX_TOOLS);
    expect(seriesOf(meter).at(-1)).toMatchObject({ track: 'canary', tool: 'other' });
  });

  it('keeps its labels from names that a client made up', () => {
    const meter = new CallMeter();
    for (let i = 0; i < MAX_TOOLS; i += 1)
      meter.count(call({ tool: `no-${i}`, outcome: 'client_error' }));
    meter.count(call({ tool: 'read' }));
    expect(seriesOf(meter).map(({ tool }) => tool)).toEqual(['other', 'read']);
  });
});
