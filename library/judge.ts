/** `canary-orchestrator/judge`: the judge alone, for evidence of one's own (docs/library.md). */
import { defaultService } from '../config/resolve.js';
import type { JudgePolicy } from '../config/types.js';

export { createJudge } from '../orchestrator/judge/judge.js';
export { Replay, type ReplayPolicy, type ReplayVerdict } from '../orchestrator/judge/replay.js';
export type * from '../orchestrator/judge/types.js';
export type { CustomCheck, JudgePolicy } from '../config/types.js';
export { OUTCOMES, TRACKS, type Outcome, type Track } from '../common/protocol.js';

/** What a service is judged by for which canary.yaml says nothing. */
export function defaultPolicy(): JudgePolicy {
  return defaultService().judge;
}
