import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { CallMeter } from '../../proxy/call-meter.js';
import { CallText } from '../../proxy/call-text.js';

const call = { track: 'stable', outcome: 'ok', latencyMs: 40, firstByteMs: 1 } as const;
const installed = spawnSync('promtool', ['--version']).status === 0;

function render(text: CallText, calls: CallMeter): string {
  return Buffer.concat(text.render([{ service: 'svc', calls }])).toString();
}

test('a tool that is new at a later scrape has its lines beside the others', () => {
  const [text, calls] = [new CallText(), new CallMeter()];
  calls.count({ ...call, tool: 'read' });
  const before = render(text, calls);
  expect(before).toMatch(
    /^canary_mcp_calls_total\{service="svc",.*tool="read",outcome="ok"\} +1$/m,
  );
  calls.count({ ...call, tool: 'read', outcome: 'cut' });
  calls.count({ ...call, tool: 'write', latencyMs: 2_000 });
  const after = render(text, calls);
  expect(after).toMatch(/tool="read",outcome="cut"\} +1$/m);
  expect(after).toMatch(/_bucket\{.*tool="write",le="1"\} +0$/m);
  expect(after).toMatch(/_bucket\{.*tool="write",le="2.5"\} +1$/m);
  expect(after).toMatch(/_sum\{.*tool="write"\} +2\.000000$/m);
  expect(after.match(/^# TYPE/gm)).toHaveLength(2);
});

test.runIf(installed)('Prometheus can read it, whatever tools are called', () => {
  const [text, calls] = [new CallText(), new CallMeter()];
  for (const tool of ['plain', 'a"quote', 'back\\slash', 'line\nfeed', '日本語 {}', '']) {
    calls.count({ ...call, tool });
  }
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: render(text, calls) });
  expect(checked.stderr.toString()).toBe('');
  expect(checked.status).toBe(0);
});
