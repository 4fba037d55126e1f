/** A whole server-sent event as it goes on the wire. `data` must have no newline (JSON has none). */
export function sseEvent(data: string, event = 'message', id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${data}\n\n`;
}
