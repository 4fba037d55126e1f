/** One life of a pid (pure): the number alone is used again for another process. */
export interface Instance {
  readonly pid: number;
  /** When it was started, in clock ticks since the machine's boot. */
  readonly startTicks: number;
}

/** Whether both are the same life of the same process; two that are not there are the same, too. */
export function sameLife(a: Instance | null, b: Instance | null): boolean {
  return a?.pid === b?.pid && a?.startTicks === b?.startTicks;
}
