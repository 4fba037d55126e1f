import { describe, expect, it } from 'vitest';
import { outdatedProxy } from '../../../orchestrator/rollout/outdated-proxy.js';

const config = {
  listen: { host: '127.0.0.1', port: 8080 },
  stable: { host: '127.0.0.1', port: 8081 },
};

function running(listen: typeof config.listen, stable: typeof config.stable) {
  return { listen, route: { tracks: { stable: { ...stable, weight: 1, drain: false } } } };
}

describe('where a running proxy and the configuration differ', () => {
  it('nowhere, when they are the same', () => {
    expect(outdatedProxy(running(config.listen, config.stable), config)).toEqual([]);
  });

  it('in the host alone, too', () => {
    const everywhere = { host: '0.0.0.0', port: 8080 };
    expect(outdatedProxy(running(everywhere, config.stable), config)).toEqual([
      'canary-proxy listens on 0.0.0.0:8080, the configuration says 127.0.0.1:8080: load it anew with canary reload [proxy-outdated]',
    ]);
    const other = { host: '::1', port: 8081 };
    expect(outdatedProxy(running(config.listen, other), config)).toEqual([
      'canary-proxy sends to [::1]:8081, the configuration says 127.0.0.1:8081: load it anew with canary reload [proxy-outdated]',
    ]);
  });
});
