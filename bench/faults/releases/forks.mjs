/** A release that starts a process in a session of its own, which outlives it. */
import { spawn } from 'node:child_process';

spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
