import { tooLarge } from "./failure.ts";

/**
 * The members of a JSON answer. All are optional, since the server may omit them. An answer that is not JSON has none.
 * @param most the bytes that the answer may have
 * @throws Failure when it has more; the error of a body that breaks while it is read
 */
export async function readJson<Value>(response: Response, most: number): Promise<Partial<Value>> {
  const value: unknown = await readBody(response, most).catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  });
  return Object(value) as Partial<Value>;
}

/** Lets go of a body that nobody reads. Some implementations of fetch have bodies that cannot be cancelled. */
export function discard({ body }: Response): void {
  void body?.cancel?.().catch(() => {});
}

async function readBody(response: Response, most: number): Promise<unknown> {
  const reader = response.body?.getReader?.();
  if (!reader) {
    // A fetch whose bodies do not stream, such as React Native's.
    return response.json();
  }
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return JSON.parse(text + decoder.decode());
    }
    bytes += value.length;
    if (bytes > most) {
      void reader.cancel().catch(() => {});
      throw tooLarge(most);
    }
    text += decoder.decode(value, { stream: true });
  }
}
