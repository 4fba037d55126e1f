/** `canary reload` as it is typed, with a canary-proxy of its own; what agents notice: test/proxy/holder. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../../orchestrator/cli/program.js';
import { startProxyProcess, type ProxyProcess } from '../../../proxy/support/proxy-process.js';
import { freePort } from '../../../support/ports.js';

let proxy: ProxyProcess;
beforeAll(async () => {
  proxy = await startProxyProcess({ stable: await freePort() });
});
afterAll(() => proxy.dispose());

async function reload(): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(['reload'], {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { CANARY_HOME: proxy.home.dir },
    cwd: proxy.home.dir,
    color: false,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('canary reload', () => {
  it('says which process gave way to which, and in which version', async () => {
    const before = await proxy.workerPid();
    const { code, out, err } = await reload();
    const now = await proxy.workerPid();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(now).not.toBe(before);
    expect(out).toMatch(
      new RegExp(`^canary-proxy: process ${before} gave way to ${now}, version \\d+\\.\\d+\\.\\d+`),
    );
  });

  it('fails, with the old process in place, when the new one cannot be loaded', async () => {
    const before = await proxy.workerPid();
    proxy.configure('nowhere');
    const { code, out, err } = await reload();
    proxy.configure();
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/canary-proxy was not reloaded: .*exit code 2.*the old one stays/);
    expect(await proxy.workerPid()).toBe(before);
  });

  it('says which service has no port afterwards', async () => {
    const squatter = createServer().listen(await freePort(), '127.0.0.1');
    await once(squatter, 'listening');
    proxy.configure((squatter.address() as AddressInfo).port);
    const { code, err } = await reload();
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^svc cannot be served yet: .*EADDRINUSE/),
    ]);
    squatter.close();
    proxy.configure();
    expect((await reload()).code).toBe(0);
  });

  it('fails when there is no proxy', async () => {
    await proxy.kill('SIGTERM');
    const { code, err } = await reload();
    expect([code, err]).toEqual([1, expect.stringMatching(/canary-proxy was not reloaded: /)]);
    await proxy.start();
  });
});
