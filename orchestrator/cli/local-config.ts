/** canary.yaml for the commands that work without an orchestrator. */
import { homeFrom } from '../../common/home.js';
import { readConfig } from '../../config/read.js';
import type { CanaryConfig, McpEndpoint, ServiceConfig } from '../../config/types.js';
import { endpointOf } from '../../config/before-traffic.js';
import { CommandError, EXIT, type Io } from './io.js';

/**
 * The configuration that `--config` names, else the usual one.
 * @throws CommandError with everything that is wrong with it.
 */
export function localConfig(io: Io, flag: string | undefined): CanaryConfig {
  const request = { flag, env: io.env, cwd: io.cwd, homeDir: homeFrom(io.env).dir };
  const read = readConfig(request, { color: io.color });
  if (!read.ok) throw new CommandError(read.message, EXIT.usage);
  return read.config;
}

/** @throws CommandError when there is none of that name. */
export function serviceIn({ file, services }: CanaryConfig, name: string): ServiceConfig {
  const service = services[name];
  if (service !== undefined) return service;
  const known = Object.keys(services).join(', ');
  throw new CommandError(`there is no service ${name} in ${file}: it has ${known}`, EXIT.usage);
}

/** Where the service speaks MCP. @throws CommandError when it does nowhere. */
export function mcpEndpointOf(service: ServiceConfig): McpEndpoint {
  const endpoint = endpointOf(service);
  if (endpoint !== null) return endpoint;
  throw new CommandError(
    `${service.name} has neither mcpPaths nor ssePaths: it does not speak MCP`,
    EXIT.usage,
  );
}
