/** HTML from templates in which every value is escaped, but what was made by a template itself. */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for elements and for attributes in quotes; control characters are shown as a replacement. */
export function escaped(text: string): string {
  const visible = text.replace(
    // eslint-disable-next-line no-control-regex -- they have no place in HTML.
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    '\ufffd',
  );
  return visible.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.map((part, i) => part + textOf(values[i] ?? '')).join('');
  return new Html(text);
}

function textOf(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escaped(String(value));
}
