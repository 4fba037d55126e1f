/** What this process may do with a file, asked of the system before it is tried. */
import { access, constants } from 'node:fs/promises';

/** Whether the path is there and may be used so: `constants.R_OK`, `X_OK`, or by default just there. */
export function canAccess(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
