/**
 * A timer for which only the time counts in which this process could work. When a frozen process
 * (SIGSTOP, a suspended machine) goes on, Node's timers fire before it has read what came meanwhile:
 * answers that are there already would be given up.
 */

/** Later than that it was frozen, or as good as that. */
const LATE_MS = 200;

export class WakingTimer {
  private timer: NodeJS.Timeout | null = null;
  private readonly work: () => void;

  constructor(ms: number, work: () => void) {
    this.work = work;
    this.arm(ms);
  }

  cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private arm(ms: number): void {
    const dueMs = performance.now() + ms;
    this.timer = setTimeout(() => {
      const lateMs = performance.now() - dueMs;
      if (lateMs < LATE_MS) this.work();
      else this.arm(Math.min(lateMs, ms));
    }, ms);
  }
}
