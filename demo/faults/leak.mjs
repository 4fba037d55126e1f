/** Preloaded into a server, makes a bad release of it: every HTTP request leaves half a megabyte behind. */
import { Server } from 'node:http';

const LEAK_BYTES = 512 * 1024;
const kept = [];
const { emit } = Server.prototype;

Server.prototype.emit = function (event, ...args) {
  if (event === 'request') kept.push(Buffer.alloc(LEAK_BYTES, 1));
  return emit.call(this, event, ...args);
};
