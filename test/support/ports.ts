/** Ports for tests: `freePort` is safe among test files that run at the same time. */
export { freePort } from '../../demo/free-port.js';
