/** Files that only their owner may read. */
import { chmodSync, closeSync, openSync } from 'node:fs';

/** Makes sure that the file exists and is its owner's alone; its content stays as it is. */
export function ensurePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
