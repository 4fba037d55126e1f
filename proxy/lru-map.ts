/** A map of bounded size: the entry that was not used for longest is forgotten first. */
const MAX_ENTRIES = 20_000;

export class LruMap<T> {
  /** In the order of their use, the last one last. */
  private readonly entries = new Map<string, T>();

  /** Counts as a use. */
  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.set(key, entry);
    return entry;
  }

  set(key: string, entry: T): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size <= MAX_ENTRIES) return;
    const oldest = this.entries.keys().next();
    if (oldest.done !== true) this.entries.delete(oldest.value);
  }
}
