/** The control socket's requests about runs and schedules (see run-messages.ts). */
import { z } from 'zod';
import { steerRequestSchema } from './messages.js';
import { malformed, reply, type Route } from './reply.js';
import {
  MAX_LISTED,
  MAX_UPCOMING,
  runRequestSchema,
  scheduleRunRequestSchema,
} from './run-messages.js';

const limitSchema = z.coerce.number().int().min(1).max(MAX_LISTED);
const countSchema = z.coerce.number().int().min(1).max(MAX_UPCOMING);

export const RUN_ROUTES: readonly Route[] = [
  ['GET', /^\/v1\/groups()$/, ({ runs }) => ({ status: 200, body: runs.groups() })],
  [
    'POST',
    /^\/v1\/runs()$/,
    ({ runs }, { body }) => {
      const request = runRequestSchema.safeParse(body);
      return request.success ? reply(runs.ask(request.data), 201) : malformed(request.error);
    },
  ],
  [
    'GET',
    /^\/v1\/runs()$/,
    ({ runs }, { query }) => {
      const limit = limitSchema.safeParse(query.get('limit') ?? 20);
      return limit.success ? reply(runs.recent(limit.data)) : malformed(limit.error);
    },
  ],
  ['GET', /^\/v1\/runs\/([^/]+)$/, ({ runs }, _, id) => reply(runs.run(id))],
  [
    'POST',
    /^\/v1\/runs\/([^/]+)\/cancel$/,
    ({ runs }, { body }, id) => {
      const request = steerRequestSchema.safeParse(body);
      return request.success
        ? reply(runs.cancel(id, request.data.reason))
        : malformed(request.error);
    },
  ],
  [
    'GET',
    /^\/v1\/schedules()$/,
    ({ scheduler }, { query }) => {
      const count = countSchema.safeParse(query.get('count') ?? 3);
      return count.success
        ? { status: 200, body: scheduler.list(count.data) }
        : malformed(count.error);
    },
  ],
  [
    'POST',
    /^\/v1\/schedules\/([^/]+)\/run$/,
    ({ scheduler }, { body }, name) => {
      const request = scheduleRunRequestSchema.safeParse(body);
      return request.success
        ? reply(scheduler.runNow(name, request.data.force), 201)
        : malformed(request.error);
    },
  ],
  [
    'GET',
    /^\/v1\/schedule-history()$/,
    ({ scheduler }, { query }) => {
      const limit = limitSchema.safeParse(query.get('limit') ?? 20);
      return limit.success
        ? reply(scheduler.history(query.get('schedule'), limit.data))
        : malformed(limit.error);
    },
  ],
];
