/** The settings `overrides`: which clients get the canary always or never, whatever the split says. */
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { list, section, text, unit } from './shapes.js';
import type { ClientMatch } from './types.js';
import { refused, type Parsed } from './units.js';

const MAX_MATCHES = 200;
const MATCH_PATTERN = '^(?:client:.{1,200}|address:[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?)$';
const WANTED =
  'client:NAME or address:IP or address:IP/BITS, such as client:my-agent or address:10.0.0.0/8';

/** `client:my-agent` (clientInfo's name), `address:10.1.2.3` or `address:10.0.0.0/8`. */
export function parseMatch(value: unknown): Parsed<ClientMatch> {
  const wanted = refused(WANTED);
  if (typeof value !== 'string' || !new RegExp(MATCH_PATTERN).test(value)) return wanted;
  const rest = value.slice(value.indexOf(':') + 1);
  if (value.startsWith('client:')) return { ok: true, value: { kind: 'client', name: rest } };
  const [address = '', bitsText] = rest.split('/');
  const most = isIPv6(address) ? 128 : 32;
  const bits = bitsText === undefined ? most : Number(bitsText);
  if (isIP(address) === 0 || bits > most) return wanted;
  return { ok: true, value: { kind: 'address', address, bits } };
}

const match = unit(parseMatch, {
  type: 'string',
  pattern: MATCH_PATTERN,
  examples: ['client:my-agent', 'address:10.0.0.0/8'],
});

export const overrides = section({
  header: z
    .union([z.null(), text(/^[A-Za-z0-9-]{1,100}$/, "a header's name, such as x-canary")])
    .optional()
    .describe(
      'A request header by which any client chooses: `always` or `never` the canary. Off unless it is named here.',
    ),
  always: list(match, 0, MAX_MATCHES, 'clients')
    .optional()
    .describe('Clients whose new sessions get the canary as long as it takes any.'),
  never: list(match, 0, MAX_MATCHES, 'clients')
    .optional()
    .describe('Clients whose new sessions get main as long as it takes any.'),
});
