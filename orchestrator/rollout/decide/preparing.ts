/** preparing: the release is made by the operator's own commands, before there is a canary. */
import { act, answer, move, wait, type Decision } from '../decision.js';
import { startingPhase, trafficBack } from './next.js';
import { asked, type Situation } from './situation.js';

export function decidePreparing({ rollout, seen, nowMs }: Situation<'preparing'>): Decision {
  const { request, config } = rollout;
  if (request?.kind === 'rollback') {
    const back = trafficBack(rollout, asked(request.reason), nowMs);
    return act({ kind: 'stop-preparing' }, answer(back, 'a person asked for it'));
  }
  switch (seen.preparation?.kind) {
    case undefined:
      return act({ kind: 'prepare' });
    case 'running':
      return wait(`preparing: ${seen.preparation.doing}`);
    case 'failed': {
      const cause = `the release could not be prepared: ${seen.preparation.reason}`;
      return move(trafficBack(rollout, cause, nowMs), cause);
    }
    case 'done':
      return move(startingPhase(config, nowMs), seen.preparation.summary);
  }
}
