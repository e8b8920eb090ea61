/**
 * Expects that events arrive one by one: each is published only after the previous one has arrived. So an intermediary
 * that holds frames back never gets any further.
 * @param body a stream that has just begun
 * @throws Error when the stream ends before the fifth event
 */
export async function expectFlow(
  body: AsyncIterable<Buffer>,
  publish: (text: string) => Promise<unknown>,
): Promise<void> {
  let arrived = "";
  let published = 0;
  for await (const chunk of body) {
    arrived += chunk.toString("utf8");
    const awaited = published === 0 ? "event: hello" : `{"text":"number ${published}"}`;
    if (!arrived.includes(awaited)) continue;
    if (published === 5) return;
    await publish(`number ${++published}`);
  }
  throw new Error(`Expected five events, got the end of the stream after ${arrived}`);
}
