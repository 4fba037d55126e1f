/** A release that listens, and dies a little later. */
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3_000);
