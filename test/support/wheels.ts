/** Python packages as wheel files, and a small MCP server as one. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAKE = fileURLToPath(new URL('../fixtures/wheels/make.py', import.meta.url));
const SERVER = fileURLToPath(new URL('../fixtures/apps/mcp_server.py', import.meta.url));

/** Writes a wheel without a build tool. `mcp-scraper` is the MCP server, others are empty. */
export function makeWheel(folder: string, name: string, version: string): void {
  const module = name === 'mcp-scraper' ? [SERVER] : [];
  execFileSync('python3', [MAKE, folder, name, version, ...module]);
}
