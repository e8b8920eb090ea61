/**
 * Reads a body until it contains a text, and leaves it. Returns what was read.
 *
 * @throws Error if the body ends before, or if there is none
 */
export async function readUntil(body: AsyncIterable<Uint8Array> | null, text: string): Promise<string> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let tail = "";
  for await (const chunk of body ?? []) {
    pieces.push(decoder.decode(chunk, { stream: true }));
    tail = tail.slice(-text.length) + pieces.at(-1);
    if (tail.includes(text)) return pieces.join("");
  }
  throw new Error(`Expected ${JSON.stringify(text)}, got the end after ${JSON.stringify(pieces.join(""))}.`);
}
