/** Numbers for the tools' names, bounded. */

/** Most tools told apart; all that come later share the last number. */
export const MAX_TOOLS = 32;

const LAST = MAX_TOOLS - 1;

export class ToolNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** Tools told apart so far. */
  get count(): number {
    return this.#names.length;
  }

  of(tool: string): number {
    const known = this.#numbers.get(tool);
    if (known !== undefined) return known;
    if (this.#names.length === MAX_TOOLS) return LAST;
    this.#numbers.set(tool, this.#names.length);
    this.#names.push(tool);
    return this.#names.length - 1;
  }

  name(number: number): string {
    return this.#names[number] ?? 'unknown';
  }
}
