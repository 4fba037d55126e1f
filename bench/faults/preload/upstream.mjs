/**
 * Preloaded into main and the canary, makes them bad peers as $UPSTREAM_FILE says: `slow` answers late,
 * `dead` not at all, `half-open` not on the connections that are open when it begins.
 */
import { readFileSync } from 'node:fs';
import { Server } from 'node:http';

const POLL_MS = 50;
const LATE_MS = 1_000;
const { emit } = Server.prototype;
const open = new Set();
const deaf = new WeakSet();
let mode = '';

setInterval(() => {
  try {
    become(readFileSync(process.env.UPSTREAM_FILE, 'utf8'));
  } catch {
    return; // No descriptor is left for it, or the stage is being removed.
  }
}, POLL_MS).unref();

function become(said) {
  if (said === 'half-open' && mode !== said) for (const socket of open) deaf.add(socket);
  mode = said;
}

Server.prototype.emit = function (event, ...args) {
  if (event === 'connection') {
    const [socket] = args;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  }
  if (event !== 'request') return emit.call(this, event, ...args);
  if (mode === 'dead' || deaf.has(args[0].socket)) return true;
  if (mode !== 'slow') return emit.call(this, event, ...args);
  setTimeout(() => emit.call(this, event, ...args), LATE_MS);
  return true;
};
