import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { market, startPrices } from "./prices.ts";

const SYMBOLS = Array.from({ length: 10 }, (_, index) => `TEA${index}`);
/** Fewer than the ring of the hub holds (16,384 entries), but twice as many are more. */
const UPDATES = 10_000;

test("slow readers get less than 5% of the updates, and the last price of every symbol", async () => {
  const { hub, server } = startPrices(0);
  onTestFinished(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;

  /** Opens a stream and does not read it. `socket` is the server's end. */
  const openStalledReader = async () => {
    const opened = once(server, "connection") as Promise<[Socket]>;
    const request = get(`http://127.0.0.1:${port}/events?channel=prices@now`, { agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const [socket] = await opened;
    return { response, socket };
  };
  // The price is the number of the update, so the test can see which updates a reader got.
  let price = 0;
  const publishRound = async (): Promise<void> => {
    await Promise.all(SYMBOLS.map((symbol) => hub.publish(market.prices(), "price", { symbol, price: ++price })));
    // Lets the hub write each round on its own: otherwise it would skip updates that come together.
    await setImmediate();
  };

  const readers = [await openStalledReader(), await openStalledReader()];
  // First the buffers of the kernel fill up, with megabytes. The readers will get all of that.
  while (readers.some(({ socket }) => socket.writableLength === 0)) await publishRound();
  const lastBuffered = price;
  // The first reader continues while the ring still has all updates; for the second the hub has to read the log.
  for (const { response, socket } of readers) {
    for (let round = 0; round < UPDATES / SYMBOLS.length; round++) await publishRound();
    expect(socket.writableLength).toBeLessThan(256 * 1024);

    const received = await readPrices(response, price);
    const late = received.filter((each) => each.price > lastBuffered);
    expect(late.length).toBeLessThan((price - lastBuffered) * 0.05);
    expect(late.slice(-SYMBOLS.length)).toEqual(
      SYMBOLS.map((symbol, index) => ({ symbol, price: price - SYMBOLS.length + index + 1 })),
    );
    // The updates came in order, and none came twice.
    const order = received.map((each) => each.price);
    expect(order).toEqual([...new Set(order)].toSorted((one, other) => one - other));
  }
}, 60_000);

interface Quote {
  readonly symbol: string;
  readonly price: number;
}

/** Continues to read a stream, until the update with this price. */
async function readPrices(response: IncomingMessage, last: number): Promise<Quote[]> {
  const quotes: Quote[] = [];
  let rest = "";
  for await (const chunk of response.setEncoding("utf8")) {
    const blocks = (rest + String(chunk)).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^event: prices:price\ndata: (.+)$/m.exec(block)?.[1];
      if (data !== undefined) quotes.push(JSON.parse(data) as Quote);
    }
    if (quotes.at(-1)?.price === last) break;
  }
  return quotes;
}
