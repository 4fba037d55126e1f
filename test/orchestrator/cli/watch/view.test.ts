import { describe, expect, it } from 'vitest';
import { painted, textOf } from '../../../../orchestrator/cli/terminal/line.js';
import { widthOf } from '../../../../orchestrator/cli/terminal/width.js';
import type { WatchDocument } from '../../../../orchestrator/cli/watch/document.js';
import { watchView } from '../../../../orchestrator/cli/watch/view.js';
import type { RolloutView } from '../../../../orchestrator/control/messages.js';
import { PHASE_KINDS } from '../../../../orchestrator/rollout/phase.js';
import { CHECKS, NOW_MS, rolloutView, serviceView, statusReply } from '../views.js';

function docOf(...rollouts: readonly (RolloutView | null)[]): WatchDocument {
  const services = rollouts.map((rollout, i) =>
    serviceView(rollout, rollout?.service ?? `mcp-${i}`),
  );
  return { nowMs: NOW_MS, status: statusReply(...services), away: null, only: null };
}

const shown = (doc: WatchDocument, columns = 80): string =>
  watchView(doc, columns).map(textOf).join('\n').trimEnd();

describe('one service', () => {
  it('has all of it on one screen', () => {
    expect(`\n${shown(docOf(rolloutView()))}\n`).toMatchInlineSnapshot(`
      "
      mcp-scraper  PM2 app mcp-scraper, agents at 127.0.0.1:8000
      mcp-scraper-8  observing, step 1 of 1: 10% of the new sessions, 30m left
      [========================================================------------------] 75%
      why: the canary is ready
      next: in 30m (14:50): the verdict: promoted if it passes; with too little
            evidence held for a person; a check that fails takes the canary back at
            once

                weight  sessions  calls      errors    memory  restarts
        stable     90%  46 (90%)  7,012  71 (1.01%)  183.2 MB         0
        canary     10%   5 (10%)    803   9 (1.12%)  201.3 MB         0

        errors  canary +0.1 points [-0.9, +1.2] against stable
        memory  canary grows 2.1 MB/h; with all the traffic it reaches its limit 380
                MB in 8.6 h

        pass         crashes: the canary did not exit or restart
        inconclusive errors: 9 calls in 3 sessions on the canary; at least 100 in 5
                             are wanted
        pass         memory: the canary has 201 MB

        2026-01-15 12:50:04  observing: the canary is ready
      "
    `);
  });

  it('is the same without colour as with it', () => {
    const lines = watchView(docOf(rolloutView()), 80);
    const colored = lines.map((line) => painted(line, true)).join('\n');
    expect(colored).toContain('\u001b[32mpass');
    // eslint-disable-next-line no-control-regex -- these are the colours.
    expect(colored.replace(/\u001b\[[\d;]*m/g, '').replace(/ +$/gm, '')).toBe(
      lines.map((line) => painted(line, false)).join('\n'),
    );
  });

  it.each(PHASE_KINDS)('that is %s says what happens next', (phase) => {
    const held = phase === 'held' ? 'approval' : null;
    const text = shown(docOf(rolloutView({ phase, held, waitingFor: null })));
    expect(text).toContain(phase);
    expect(/next: (.+)/.exec(text)?.[1]).not.toMatch(/undefined|null|NaN/);
  });

  it('names the next step, its gate and who opens it', () => {
    const step = { weight: 0.1, windowMs: 3_600_000, gate: 'manual' } as const;
    const { course } = rolloutView();
    const steps = [step, { ...step, weight: 0.5 }];
    const gated = rolloutView({ steps: 2, course: { ...course, steps, promoteByMs: 7_200_000 } });
    expect(shown(docOf(gated), 300)).toContain(
      'next: in 30m (14:50): a person opens the gate ("canary resume mcp-scraper") within 2h, else rollback;',
    );
    const open = { ...course, steps: steps.map((each) => ({ ...each, gate: 'auto' as const })) };
    expect(shown(docOf(rolloutView({ steps: 2, course: open })), 300)).toContain(
      'next: in 30m (14:50): step 2 of 2, 50% of the new sessions for 1h;',
    );
  });
});

describe('a screen', () => {
  const odd = rolloutView({
    reason: `検索 ${'long '.repeat(60)}\u001b[2J`,
    assessment: {
      verdict: 'fail',
      check: 'errors',
      reason: 'r',
      checks: [{ ...CHECKS[1]!, state: 'fail', reason: `${'x'.repeat(300)} 👍 \u0007` }],
    },
  });

  it.each([20, 40, 80, 200])('of %i columns has no line that is longer', (columns) => {
    for (const doc of [docOf(odd), docOf(odd, rolloutView(), null)]) {
      for (const line of watchView(doc, columns)) {
        expect(widthOf(textOf(line))).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('shows what would steer the terminal', () => {
    const text = shown(docOf(odd), 200);
    expect(text).toContain('\\x1b[2J');
    // eslint-disable-next-line no-control-regex -- there must be none.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('tells of an orchestrator that is away, with what was known', () => {
    const away = { sinceMs: NOW_MS - 65_000, reason: 'connect ENOENT' };
    const text = shown({ ...docOf(rolloutView()), away });
    expect(text).toMatch(/^! canary-orchestrator has not answered for 1m 5s \(connect ENOENT\)/);
    expect(text).toContain('mcp-scraper-8');
    expect(shown({ nowMs: NOW_MS, status: null, away, only: null })).toContain('ENOENT');
  });

  it('tells of a PM2 and a proxy that are away', () => {
    const doc = docOf(rolloutView());
    const down = { up: false, reason: 'gone' };
    const text = shown({ ...doc, status: { ...doc.status!, pm2: down, proxy: down } });
    expect(text).toContain('! PM2 does not answer: gone\n! canary-proxy does not answer: gone');
  });

  it('has a few lines for each of several services', () => {
    const ended = rolloutView({
      id: 'mcp-files-3',
      service: 'mcp-files',
      phase: 'promoted',
      step: null,
      phaseEndsAtMs: null,
      endedAtMs: NOW_MS - 600_000,
      reason: 'main has baked, the canary is removed',
    });
    expect(`\n${shown(docOf(rolloutView(), ended, null))}\n`).toMatchInlineSnapshot(`
      "
      mcp-scraper-8  observing, step 1 of 1: 10% of the new sessions, 30m left
        errors: canary +0.1 points [-0.9, +1.2] against stable
        inconclusive errors: 9 calls in 3 sessions on the canary; at least 100 in 5
                             are wanted
        next: in 30m (14:50): the verdict: promoted if it passes; with too little
              evidence held for a person; a check that fails takes the canary back at
              once

      mcp-files-3  promoted, 14:10, after 1h 20m
        main has baked, the canary is removed

      mcp-2  no rollout yet
      "
    `);
  });
});
