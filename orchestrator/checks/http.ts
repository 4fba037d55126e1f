/** Measures an HTTP address: good with a status below 400. */
import { requestTrouble, unmeasured, type Measurement } from './measurement.js';

/** Asks once; redirections are an answer and not followed. Never rejects. */
export async function measureHttp(url: string, signal: AbortSignal): Promise<Measurement> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal });
    await response.body?.cancel();
    return { ok: response.status < 400, value: response.status, error: null };
  } catch (error) {
    return unmeasured(requestTrouble(error));
  }
}
