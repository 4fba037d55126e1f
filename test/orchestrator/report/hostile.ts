/** A rollout whose tools and reasons want to be markup, with a series of a few values. */
import type { FrozenPlan } from '../../../orchestrator/control/frozen-plan.js';
import {
  SERIES_FIELDS,
  type Columns,
  type SeriesPatch,
} from '../../../orchestrator/dashboard/messages.js';
import { explain } from '../../../orchestrator/explain/explanation.js';
import { contentOf, type Content } from '../../../orchestrator/report/content.js';
import { POLICY } from '../judge/policy.js';
import { NOW_MS, rolloutView } from '../cli/views.js';

/** What would run, load, link, mention or break a table. */
export const HOSTILE = [
  '<script>document.title="ran"</script>',
  '"><img src=http://127.0.0.1:9/x onerror=alert(1)>',
  '</style></svg><h1>big</h1>',
  '[click](javascript:alert(1)) ![x](http://127.0.0.1:9/y)',
  '| a | b |\n# heading\n- list\n```\ncode',
  '@everyone fixes #1 https://evil.example www.evil.example a@evil.example',
  '\u001b[2J\u202edrowssap',
].join(' ; ');

function planOf(): FrozenPlan {
  return {
    app: HOSTILE,
    canaryApp: 'c',
    canaryPort: 1,
    baselineApp: null,
    canaryDiffers: [{ field: 'env.API_KEY', before: '(absent)', after: '(set)' }],
    mainChanges: [{ field: 'cwd', before: HOSTILE, after: '/srv' }],
    judge: POLICY,
    checks: [],
    intervalMs: 5_000,
  };
}

export function seriesOf(): SeriesPatch {
  const columns = Object.fromEntries(
    SERIES_FIELDS.map((field) => [field, field.startsWith('baseline') ? [null, null] : [0.1, 0.3]]),
  ) as unknown as Columns;
  const gap = [100e6, null, 300e6, 200e6];
  return {
    rollout: 'r',
    startedAtMs: NOW_MS,
    windowEndsAtMs: NOW_MS + 20_000,
    bucketMs: 5_000,
    from: 0,
    columns: { ...columns, canaryRssBytes: gap },
  };
}

export function hostileContent(): Content {
  const view = rolloutView({
    id: 'r',
    startedBy: HOSTILE,
    reason: HOSTILE,
    warnings: [HOSTILE],
    assessment: {
      verdict: 'fail',
      check: 'errors',
      reason: HOSTILE,
      checks: [{ check: HOSTILE, state: 'fail', reason: HOSTILE, numbers: {} }],
    },
  });
  const explanation = explain(view, null, null);
  return contentOf({ view, plan: planOf(), explanation, series: seriesOf(), nowMs: NOW_MS });
}
