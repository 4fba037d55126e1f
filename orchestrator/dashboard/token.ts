/** The secret that lets a browser act: 32 random bytes in a file that only its owner may read. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { ensurePrivateFile } from '../../common/private-file.js';

const TOKEN_BYTES = 32;
const TOKEN_PATTERN = /^[\w-]{43}$/;

/**
 * The token in the file; a file that is missing or holds something else gets a new one.
 * @throws Error when the file cannot be read or written.
 */
export function dashboardToken(file: string): string {
  ensurePrivateFile(file);
  const found = readFileSync(file, 'utf8').trim();
  if (TOKEN_PATTERN.test(found)) return found;
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  writeFileSync(file, `${token}\n`);
  return token;
}

/** True when both are the same, in a time that tells nothing of where they differ. */
export function sameToken(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
