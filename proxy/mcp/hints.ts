/** Asks for the tools' annotations after a call was lost, on whatever instance there is then. */
import type { Pin } from '../pin.js';
import type { HintRequest, ToolCatalog } from './tool-catalog.js';

/** Instances that may be lost on the way. */
const MAX_TRIES = 4;

/** Ends when the catalog has learned, or nobody can be asked. Never rejects. */
export async function askForHints(
  catalog: ToolCatalog,
  pin: Pin,
  request: HintRequest,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const acquired = await pin.acquire();
    if (acquired.kind !== 'bound') return;
    const { binding } = acquired;
    const loss = await catalog.ask(binding, request);
    if (loss === null) return;
    if (loss.kind === 'unreachable') pin.unreachable(binding, 0);
    else pin.forget(binding);
  }
}
