import type { toFetchHandler } from "@tidings/server/fetch";
import { onTestFinished } from "vitest";

/** Reads a stream until the test has finished. */
export async function openStream(handle: ReturnType<typeof toFetchHandler>, url: string): Promise<{ text: string }> {
  const { body } = await handle(new Request(url));
  if (body === null) throw new Error("Expected a stream, got no body.");
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel().catch(() => {}));
  const received = { text: "" };
  void (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) received.text += next.value;
  })().catch(() => {});
  return received;
}
