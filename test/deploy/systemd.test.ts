import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';

const ecosystem = new URL('../../ecosystem.config.js', import.meta.url).href;
const { apps } = (await import(ecosystem)) as {
  readonly apps: readonly { readonly name: string; readonly kill_timeout: number }[];
};
const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const units = readdirSync(folder);
const installed = spawnSync('systemd-analyze', ['--version']).status === 0;

test('there is a unit for each process that PM2 would run', () => {
  expect(units.sort()).toEqual(apps.map(({ name }) => `${name}@.service`).sort());
});

it.runIf(installed)('systemd understands the units', () => {
  const dir = mkdtempSync(join(tmpdir(), 'units-'));
  const instances = units.map((unit) => {
    const file = join(dir, unit.replace('@', '@root'));
    writeFileSync(file, readFileSync(join(folder, unit)));
    return file;
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...instances]);
  rmSync(dir, { recursive: true });
  expect(String(stderr)).toBe('');
  expect(status).toBe(0);
});

test.each(units)('%s gives the process longer to end than it takes', (unit) => {
  const name = unit.replace('@.service', '');
  const app = apps.find((each) => each.name === name);
  const stopS = Number(
    /^TimeoutStopSec=(\d+)$/m.exec(readFileSync(join(folder, unit), 'utf8'))?.[1],
  );
  expect(stopS * 1_000).toBeGreaterThan(app!.kill_timeout);
});

test('no unit has an option that keeps Node, or PM2’s sockets and processes, from it', () => {
  for (const unit of units) {
    const text = readFileSync(join(folder, unit), 'utf8');
    expect(text).not.toMatch(
      /^(MemoryDenyWriteExecute|PrivateUsers|ProtectProc|ProcSubset|ProtectHome|PrivateTmp|PrivateNetwork)=/m,
    );
  }
});
