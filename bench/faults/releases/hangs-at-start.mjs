/** A release that runs, but never opens its port. */
import { Server } from 'node:net';

Server.prototype.listen = function () {
  setInterval(() => undefined, 60_000);
  return this;
};
