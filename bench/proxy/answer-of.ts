/** A tool's result of about `bytes`, as JSON-RPC. */
export function answerOf(bytes: number): Buffer {
  const content = Array.from({ length: Math.ceil(bytes / 250) }, () => ({
    type: 'text',
    text: 'a sentence of a tool’s answer, neither long nor short, with "quotes" in it. '.repeat(3),
  }));
  return Buffer.from(JSON.stringify({ result: { content }, jsonrpc: '2.0', id: 1 }));
}
