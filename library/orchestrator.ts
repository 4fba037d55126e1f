/**
 * `canary-orchestrator/orchestrator`: rollouts on a process manager or behind a proxy of one's own
 * (docs/library.md). What the two are asked for are the ports `ProcessManager` and `ProxyClient`.
 */
export { systemClock, type Clock } from '../common/clock.js';
export { createHome, homeFrom, type Home } from '../common/home.js';
export { createLogger, type Logger } from '../common/log.js';
export type {
  CallPage,
  CallRecord,
  NegotiatedState,
  ProxyState,
  Route,
  ServiceState,
  Track,
  TrackState,
} from '../common/protocol.js';
export { serveUnix } from '../common/unix-http.js';
export type { Answer } from '../orchestrator/answer.js';
export { answerControl } from '../orchestrator/control/api.js';
export type * from '../orchestrator/control/messages.js';
export { Orchestrator, type OrchestratorParts } from '../orchestrator/orchestrator.js';
export { createPm2 } from '../orchestrator/pm2/adapter.js';
export { canarySpec, type CanaryRequest } from '../orchestrator/pm2/clone.js';
export { ROLLOUT_KEY, type AppSpec, type ReleaseChange } from '../orchestrator/pm2/spec.js';
export type * from '../orchestrator/process-manager.js';
export { proxyClient, type ProxyClient, type ProxyReply } from '../orchestrator/proxy-client.js';
export { Store } from '../orchestrator/store/store.js';
