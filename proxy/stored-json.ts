/** JSON out of the proxy's store. */
import type { z } from 'zod';
import { parseJson } from '../common/parse-json.js';

/** What was stored; null when it cannot be read: a damaged row costs what it held, not the proxy. */
export function storedJson<T>(schema: z.ZodType<T>, text: string): T | null {
  return schema.safeParse(parseJson(text)).data ?? null;
}
