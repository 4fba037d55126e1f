/** Text of others on a terminal: what would steer it is shown instead of done. */

/** C0 without the tab, DEL and C1 (ECMA-48), and what turns the writing direction (Unicode UAX 9). */
// eslint-disable-next-line no-control-regex -- they are what is looked for.
const STEERING = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text in one line, with `\x1b` for an escape character and the like. */
export function harmless(text: string): string {
  return text.replace(STEERING, shown);
}

function shown(character: string): string {
  const code = character.charCodeAt(0);
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
