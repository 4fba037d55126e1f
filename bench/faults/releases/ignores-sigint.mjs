/** A release that does not end when it is asked to. */
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
