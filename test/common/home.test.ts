import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHome, homeFrom } from '../../common/home.js';
import { ensurePrivateFile } from '../../common/private-file.js';
import { serveUnix } from '../../common/unix-http.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'canary-home-'))));
afterEach(() => rmSync(dir, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const home = () => homeFrom({ CANARY_HOME: join(dir, 'state') });

describe('the state folder', () => {
  it('is made for its owner alone, whatever the umask', () => {
    const before = process.umask(0);
    createHome(home());
    process.umask(before);
    expect(modeOf(home().dir)).toBe(0o700);
  });

  it('is closed to others when it was open to them', () => {
    mkdirSync(home().dir, { mode: 0o755 });
    chmodSync(home().dir, 0o777);
    createHome(home());
    expect(modeOf(home().dir)).toBe(0o700);
  });

  it('may be a link of the owner’s own', () => {
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), home().dir);
    createHome(home());
    expect(modeOf(join(dir, 'elsewhere'))).toBe(0o700);
  });

  it('of another user is refused', () => {
    const foreign = { ...home(), dir: '/proc/self/fdinfo' };
    const own = process.getuid!;
    process.getuid = () => 4242;
    try {
      expect(() => createHome(foreign)).toThrow(/belongs to the user with id \d+, wanted 4242/);
    } finally {
      process.getuid = own;
    }
  });

  it('that is a file is refused', () => {
    writeFileSync(home().dir, '');
    expect(() => createHome(home())).toThrow(/EEXIST|ENOTDIR/);
  });
});

describe('a file in it', () => {
  it('is its owner’s alone, also when it was not', () => {
    const path = join(dir, 'token');
    writeFileSync(path, 'kept', { mode: 0o644 });
    ensurePrivateFile(path);
    expect(modeOf(path)).toBe(0o600);
  });

  it('is not followed to where a link leads', () => {
    const target = join(dir, 'target');
    writeFileSync(target, '', { mode: 0o644 });
    symlinkSync(target, join(dir, 'token'));
    expect(() => ensurePrivateFile(join(dir, 'token'))).toThrow(/ELOOP/);
    expect(modeOf(target)).toBe(0o644);
  });
});

describe('a socket in it', () => {
  it('is its owner’s alone, and takes the place of a link without touching what it leads to', async () => {
    const target = join(dir, 'target');
    const path = join(dir, 'a.sock');
    writeFileSync(target, 'kept', { mode: 0o644 });
    symlinkSync(target, path);
    const before = process.umask(0);
    const server = await serveUnix(path, () => ({ status: 200, body: {} }), null);
    process.umask(before);
    expect(modeOf(path)).toBe(0o600);
    expect(modeOf(target)).toBe(0o644);
    server.close();
  });
});
