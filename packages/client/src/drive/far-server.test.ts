import { expect, test } from "vitest";
import { chat, createKit, inbox, watch } from "../../test/client-kit.ts";
import type { FakeRequest } from "../../test/fake-server.ts";
import { MENTION } from "../../test/stream-kit.ts";

/** Milliseconds from the client to the server, and as many back. */
const WAY = 75;

/** What the server knows of a stream. */
interface ServerEnd {
  readonly request: FakeRequest;
  /** Null until its answer has arrived. */
  stream: ReturnType<FakeRequest["live"]> | null;
  /** The number of the last event that was sent. */
  sent: number;
}

/** A client far from its server. Streams bring what was published since the position that they were asked for. */
function createFarKit() {
  const kit = createKit();
  const { server, clock } = kit;
  const ends: ServerEnd[] = [];
  let head = 1;

  function send(): void {
    for (const end of ends) {
      for (; end.sent < head; end.sent++) {
        const seq = end.sent + 1;
        clock.setTimeout(() => {
          if (!end.request.aborted) end.stream?.event(MENTION, { by: String(seq) }, `e.${seq}`);
        }, WAY);
      }
    }
  }

  server.onRequest = (request) => {
    clock.setTimeout(() => {
      const position = request.after ?? `e.${head}`;
      const end: ServerEnd = { request, stream: null, sent: Number(position.slice("e.".length)) };
      ends.push(end);
      clock.setTimeout(() => {
        if (!request.aborted) end.stream = request.live(position);
      }, WAY);
      send();
    }, WAY);
  };

  /** Returns the number of the event. */
  function publish(): number {
    head++;
    send();
    return head;
  }

  return { ...kit, publish };
}

test("150 ms from the server, a subscription every 100 ms makes no event later than the round trip", async () => {
  const { client, server, clock, publish } = createFarKit();
  const publishedAt = new Map<number, number>();
  const heard: number[] = [];
  const delays: number[] = [];
  client.subscribe(inbox, {
    mention({ by }) {
      heard.push(Number(by));
      delays.push(clock.now() - (publishedAt.get(Number(by)) ?? Infinity) - WAY);
    },
    onGap: () => heard.push(Number.NaN),
  });
  await clock.advance(2 * WAY);
  const seen = watch(client.status);
  const newcomers = [];
  for (let index = 0; index < 80; index++) {
    newcomers.push(client.subscribe(chat.inbox({ userId: `u${index}` }), { onGap: () => {} }));
    publishedAt.set(publish(), clock.now());
    await clock.advance(100);
  }
  await clock.advance(1_000);
  expect(heard).toEqual([...publishedAt.keys()]);
  expect(Math.max(...delays)).toBeLessThanOrEqual(2 * WAY);
  expect(seen).toEqual(["live"]);
  expect(newcomers.filter(({ status }) => status.value.state !== "live")).toEqual([]);
  // While one request is under way, what comes waits for the next one.
  expect(server.streams.length).toBeLessThan(60);
});
