/** Files that only their owner may read. */
import { closeSync, constants, fchmodSync, openSync } from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Makes sure that the file exists and is its owner's alone; its content stays as it is.
 * @throws Error when it cannot be opened, or is a symbolic link: what it leads to is not meant.
 */
export function ensurePrivateFile(path: string): void {
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  fchmodSync(file, 0o600);
  closeSync(file);
}
