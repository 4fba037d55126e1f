/** Whether the secrets of those who are notified can be read. What is in them is never shown. */
import type { NotifyConfig, SecretFrom } from '../../config/notify.js';
import { readSecret } from '../notify/secret.js';
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import type { Facts } from './facts.js';

export async function checkSecrets({ configured, env }: Facts): Promise<Diagnosis[]> {
  const receivers = configured.config?.notify ?? [];
  const found = await Promise.all(receivers.map((each) => checkReceiver(each, env)));
  return found.flat();
}

async function checkReceiver(receiver: NotifyConfig, env: NodeJS.ProcessEnv): Promise<Diagnosis[]> {
  const check = `${receiver.name} secrets`;
  const places = placesOf(receiver);
  if (places.length === 0) return [];
  const troubles: Diagnosis[] = [];
  for (const from of places) {
    const secret = await readSecret(from, env);
    if (!secret.ok) troubles.push(troubleWith(check, from, secret.reason));
  }
  return troubles.length > 0 ? troubles : [ok(check, 'can be read')];
}

function placesOf({ target }: NotifyConfig): readonly SecretFrom[] {
  switch (target.kind) {
    case 'webhook':
      return target.url.kind === 'plain' ? [target.secret] : [target.url, target.secret];
    case 'slack':
      return [target.url];
    case 'command':
      return [];
  }
}

/** The orchestrator has an environment of its own, which cannot be seen from here. */
function troubleWith(check: string, { kind }: SecretFrom, reason: string): Diagnosis {
  return kind === 'file'
    ? failure(check, reason, 'write it there, readable for the user of canary-orchestrator')
    : warning(check, `${reason} here`, 'canary notify test shows if canary-orchestrator has it');
}
