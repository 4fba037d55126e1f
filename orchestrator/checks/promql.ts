/** Measures a PromQL query by Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api). */
import { z } from 'zod';
import { parseJson } from '../../common/parse-json.js';
import type { CustomCheck } from '../../config/types.js';
import { requestTrouble, unmeasured, type Measurement } from './measurement.js';

/** Far more than one number takes. */
const MAX_ANSWER_BYTES = 1 << 20;

/** A time and a number, which is text for the sake of `NaN` and `+Inf`. */
const sample = z.tuple([z.number(), z.string()]);
const answerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string() }),
]);

export interface Query {
  readonly query: string;
  readonly prometheus: string;
}

/** Asks for the query's value now. An answer that is not one number is an error. Never rejects. */
export async function measureQuery(
  { query, prometheus }: Query,
  { min, max }: Pick<CustomCheck, 'min' | 'max'>,
  signal: AbortSignal,
): Promise<Measurement> {
  const url = `${prometheus.replace(/\/+$/, '')}/api/v1/query`;
  let text: string | null;
  try {
    // A POST, as the API wants for queries that are too long for an address.
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ query }),
      signal,
    });
    text = await bounded(response);
  } catch (error) {
    return unmeasured(`Prometheus: ${requestTrouble(error)}`);
  }
  const value = text === null ? 'the answer is too long' : numberIn(text);
  if (typeof value === 'string') return unmeasured(`Prometheus: ${value}`);
  return { ok: value >= (min ?? -Infinity) && value <= (max ?? Infinity), value, error: null };
}

async function bounded(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The one number of the answer, or why there is none. */
function numberIn(text: string): number | string {
  const answer = answerSchema.safeParse(parseJson(text)).data;
  if (answer === undefined) return 'not an answer to a query';
  if (answer.status === 'error') return `the query was refused (${answer.errorType})`;
  const { data } = answer;
  const samples = data.resultType === 'scalar' ? [data.result] : data.result.map((r) => r.value);
  const [first] = samples;
  if (first === undefined) return 'the query found nothing';
  if (samples.length > 1) return `the query found ${samples.length} series, wanted one`;
  const value = Number(first[1].replace('Inf', 'Infinity'));
  return Number.isFinite(value) ? value : `the query gave ${first[1]}`;
}
