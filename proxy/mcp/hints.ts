/** What is asked of the tools' annotations after a call was lost, on whatever instance there is then. */
import type { Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Message } from './message-scanner.js';
import { toolsCalled } from './replay.js';
import type { HintRequest, ToolCatalog } from './tool-catalog.js';

/** Instances that may be lost on the way. */
const MAX_TRIES = 4;
/** Less than the two seconds within which a lost call is to be answered. */
const TIMEOUT_MS = 1_500;

/**
 * Asks for what is not known of the tools that are called, where it decides whether the calls are
 * sent again. Never rejects.
 */
export async function learnHints(
  { config, catalog, clock }: Pick<Plane, 'config' | 'catalog' | 'clock'>,
  pin: Pin,
  request: HintRequest,
  calls: readonly Message[],
): Promise<void> {
  const isKnown = toolsCalled(calls).every((tool) => catalog.knows(tool));
  if (config.replay !== 'safe' || isKnown) return;
  await Promise.race([askForHints(catalog, pin, request), clock.sleep(TIMEOUT_MS)]);
}

/** Ends when the catalog has learned, or nobody can be asked. Never rejects. */
async function askForHints(catalog: ToolCatalog, pin: Pin, request: HintRequest): Promise<void> {
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
