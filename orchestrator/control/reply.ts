/** What the routes of the control socket are made of. */
import type { z } from 'zod';
import { refusal, type ApiReply, type ApiRequest } from '../../common/unix-http.js';
import type { Answer } from '../answer.js';
import type { Orchestrator } from '../orchestrator.js';

export type Handler = (
  orchestrator: Orchestrator,
  request: ApiRequest,
  name: string,
) => ApiReply | Promise<ApiReply>;

/** The first group of the pattern is the name that the handler gets. */
export type Route = readonly [method: string, pattern: RegExp, handler: Handler];

export function reply(answer: Answer<unknown>, status = 200): ApiReply {
  if (answer.ok) return { status, body: answer.value };
  return refusal(answer.code === 'usage' ? 400 : 409, answer.code, answer.message);
}

/** Names the fields, never their values: a release may hold secrets. */
export function malformed(error: z.ZodError): ApiReply {
  const fields = error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  return refusal(400, 'usage', fields.join('; '));
}
