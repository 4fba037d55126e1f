/** The reference MCP server, which demos, benches and tests run as the operator's app. */
import { createRequire } from 'node:module';

/** Its script. The argument `streamableHttp` makes it listen on $PORT. */
export const EVERYTHING = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-everything/dist/index.js',
);
