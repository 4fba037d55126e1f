/** Preloaded into every process of a stage, shifts its clock by the milliseconds that stand in $CLOCK_FILE. */
import { readFileSync } from 'node:fs';

const POLL_MS = 50;
const RealDate = Date;
let shiftMs = 0;

setInterval(() => {
  try {
    shiftMs = Number(readFileSync(process.env.CLOCK_FILE, 'utf8')) || 0;
  } catch {
    return; // No descriptor is left for it, or the stage is being removed.
  }
}, POLL_MS).unref();

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + shiftMs;
  }
};
