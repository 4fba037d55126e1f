/** Runs a document: block after block, as written, until one does not do what the document says. */
import { setTimeout as delay } from 'node:timers/promises';
import { firstMissing, stepsOf, type Step } from './document.js';
import type { Ran, Sandbox } from './sandbox.js';

/** So long a block that only looks is repeated: servers take a moment to be there. */
const LOOK_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** A block that went otherwise than its document says. */
export class WalkError extends Error {}

/** @throws WalkError with the place, the command and its output. */
export async function walk(sandbox: Sandbox, name: string, markdown: string): Promise<void> {
  for (const step of stepsOf(sandbox.ported(markdown))) await take(sandbox, name, step);
}

async function take(sandbox: Sandbox, name: string, step: Step): Promise<void> {
  const deadlineMs = Date.now() + (step.looks ? LOOK_TIMEOUT_MS : 0);
  for (;;) {
    const ran = await sandbox.run(step.command);
    const wrong = wrongWith(step, ran);
    if (wrong === null) return;
    if (Date.now() >= deadlineMs) {
      throw new WalkError(`${name}:${step.line}: ${wrong}\n$ ${step.command}\n${ran.output}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}

function wrongWith({ expected }: Step, { ok, output }: Ran): string | null {
  if (!ok) return 'the command failed';
  const missing = firstMissing(expected, output);
  return missing === null ? null : `the output has no line "${missing}"`;
}
