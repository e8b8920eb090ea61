/**
 * Reads the body of a response until it contains a text, and cancels the rest. Returns what was read.
 * @throws Error when the body ends before
 */
export async function readUntil({ body }: Response, text: string): Promise<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes(text)) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) {
      throw new Error(
        `Expected the body to contain ${JSON.stringify(text)}, got its end after ${JSON.stringify(read)}.`,
      );
    }
    read += value;
  }
  await reader?.cancel();
  return read;
}
