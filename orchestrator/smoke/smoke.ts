/**
 * What a started canary must pass before it gets any traffic: the contract first, which has no side
 * effects, and the suite only when the contract holds. Both speak to the instances directly, never
 * through the proxy.
 */
import type { Clock } from '../../common/clock.js';
import { endpointOf } from '../../config/before-traffic.js';
import type { HostPort, McpEndpoint, ServiceConfig } from '../../config/types.js';
import { compareContracts } from '../contract/compare.js';
import type { ContractChange } from '../contract/contract.js';
import { readContract, type ContractReading } from '../contract/read.js';
import {
  contractReason,
  contractSummary,
  judgeChanges,
  type ContractVerdict,
} from '../contract/verdict.js';
import { hasPassed, suiteReason, suiteSummary, type SmokeResult } from './report.js';
import { runSuite } from './run.js';
import type { Suite } from './suite.js';

export interface SmokeParts {
  readonly clock: Clock;
  /** Ends the test; what was not reached by then is skipped. */
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** Tests the canary of a service. `suite` is null without one. Never rejects for what servers do. */
export async function testCanary(
  config: ServiceConfig,
  suite: Suite | null,
  { clock, signal, onProgress }: SmokeParts,
): Promise<SmokeResult> {
  const endpoint = endpointOf(config);
  const result = (
    passed: boolean,
    reason: string,
    found: Partial<Pick<SmokeResult, 'suite' | 'contract'>> = {},
  ): SmokeResult => ({
    passed,
    reason,
    suite: null,
    contract: null,
    endedAtMs: clock.now(),
    ...found,
  });
  if (endpoint === null) return result(true, 'it does not speak MCP');
  let contract: ContractVerdict | null = null;
  if (config.contract !== null) {
    onProgress('the contract');
    const compared = await compareInstances(config, endpoint, signal);
    if (!compared.ok) return result(false, `the contract cannot be compared: ${compared.reason}`);
    contract = judgeChanges(compared.changes, config.contract);
    if (contract.refused > 0) return result(false, contractReason(contract), { contract });
  }
  const held = contract === null ? '' : `the contract holds (${contractSummary(contract)})`;
  if (suite === null) return result(true, held, { contract });
  const report = await runSuite(config.canary, endpoint, suite, {
    clock,
    signal,
    quotes: false,
    onProgress: (done, total) => onProgress(`call ${done + 1} of ${total}`),
  });
  const passed = hasPassed(report);
  const told = passed
    ? ['smoke test: ' + suiteSummary(report), held].filter((part) => part !== '').join('; ')
    : `smoke test: ${suiteReason(report)}`;
  return result(passed, told, { suite: report, contract });
}

export type Comparison =
  | { readonly ok: true; readonly changes: readonly ContractChange[] }
  | { readonly ok: false; readonly reason: string };

/** Main's contract against the canary's. A reading that fails is tried once more. */
export async function compareInstances(
  { stable, canary }: { readonly stable: HostPort; readonly canary: HostPort },
  endpoint: McpEndpoint,
  signal: AbortSignal,
): Promise<Comparison> {
  const [main, other] = await Promise.all([
    readTwice(stable, endpoint, signal),
    readTwice(canary, endpoint, signal),
  ]);
  if (!main.ok) return { ok: false, reason: `main on port ${stable.port}: ${main.reason}` };
  if (!other.ok) return { ok: false, reason: `the canary on port ${canary.port}: ${other.reason}` };
  return { ok: true, changes: compareContracts(main.contract, other.contract) };
}

async function readTwice(
  at: HostPort,
  endpoint: McpEndpoint,
  signal: AbortSignal,
): Promise<ContractReading> {
  const first = await readContract(at, endpoint, signal);
  return first.ok || signal.aborted ? first : readContract(at, endpoint, signal);
}
