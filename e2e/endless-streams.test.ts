import { createServer } from "node:http";
import { createClient } from "@tidings/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { feeds } from "./contracts.ts";
import { listen } from "./listen.ts";
import { usedBytes } from "./used-bytes.ts";

const feed = feeds.feed({ name: "a" });
const BLOCKS = 100_000;
/** Bytes. Fifty for each block would be as many. */
const MOST_KEPT = 5_000_000;
const PATIENCE = { timeout: 60_000 };

/** A server that says something else again and again, as fast as its socket takes it. */
async function serveWithoutEnd(next: (seq: number) => string) {
  const sent = { blocks: 0 };
  const { port, close } = await listen(
    createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: hello\ndata: {"heartbeat":15000}\nid: e.1\n\n');
      function go(): void {
        let hasRoom = true;
        while (hasRoom && !response.destroyed) {
          sent.blocks++;
          hasRoom = response.write(next(sent.blocks + 1));
        }
      }
      response.on("drain", go);
      go();
    }),
  );
  onTestFinished(async () => void (await close()));
  return { url: `http://127.0.0.1:${port}/events`, sent };
}

const name = (seq: number): string => `feeds/${seq}${"x".repeat(1_000)}`;

test.each([
  ["events", (seq: number) => `event: ${feed.path}:counted\ndata: ${seq}\nid: e.${seq}\n\n`],
  ["gaps of nobody", (seq: number) => `event: gap\ndata: {"channels":{"${name(seq)}":"lost"}}\n\n`],
  ["events of nobody", (seq: number) => `event: ${name(seq)}:counted\ndata: 1\nid: e.${seq}\n\n`],
  ["epochs", (seq: number) => `event: heartbeat\ndata: {}\nid: e${seq}.1\n\n`],
])(
  "of %s without an end nothing is kept, and other work goes on beside them",
  async (_, next) => {
    const { url, sent } = await serveWithoutEnd(next);
    const client = createClient(feeds, { url });
    onTestFinished(() => client.close());
    client.subscribe(feed, { onGap: () => {} });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    onTestFinished(() => clearInterval(timer));
    const until = (blocks: number) => vi.waitFor(() => expect(sent.blocks).toBeGreaterThan(blocks), PATIENCE);
    await until(10_000);
    const before = usedBytes();
    turns = 0;
    await until(sent.blocks + BLOCKS);
    expect(turns).toBeGreaterThan(10);
    expect(usedBytes() - before).toBeLessThan(MOST_KEPT);
  },
  130_000,
);
