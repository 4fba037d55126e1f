/** A release that listens, and dies a little later; it leaves the times of its deaths in its folder. */
import { appendFileSync } from 'node:fs';

setTimeout(() => {
  appendFileSync('deaths', `${Date.now()}\n`);
  process.kill(process.pid, 'SIGKILL');
}, 3_000);
