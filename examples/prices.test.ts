import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { market, startPrices } from "./prices.ts";

const SYMBOLS = Array.from({ length: 10 }, (_, index) => `TEA${index}`);
/** Fewer than the hub has at hand (16,384); twice as many are more. */
const UPDATES = 10_000;

test("readers that have fallen behind get under 5% of the updates, and the last price of every symbol", async () => {
  const { hub, server } = startPrices(0);
  onTestFinished(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;

  /** Asks for the prices and does not read them. `socket` is the server's end. */
  const stall = async () => {
    const opened = once(server, "connection") as Promise<[Socket]>;
    const request = get(`http://127.0.0.1:${port}/events?channel=prices@now`, { agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const [socket] = await opened;
    return { response, socket };
  };
  // The price is the number of the update, so that a reader's events tell which they are.
  let price = 0;
  const publishRound = async (): Promise<void> => {
    await Promise.all(SYMBOLS.map((symbol) => hub.publish(market.prices(), "price", { symbol, price: ++price })));
    // The hub's turn: it writes each round by itself, so nothing is left out because updates came together.
    await setImmediate();
  };

  const readers = [await stall(), await stall()];
  // The buffers of the kernel fill up first, with megabytes. What they have taken, they deliver.
  while (readers.some(({ socket }) => socket.writableLength === 0)) await publishRound();
  const behind = price;
  // The first comes back while the hub has all updates at hand, the second when it has to ask the log.
  for (const { response, socket } of readers) {
    for (let round = 0; round < UPDATES / SYMBOLS.length; round++) await publishRound();
    expect(socket.writableLength).toBeLessThan(256 * 1024);

    const received = await readPrices(response, price);
    const late = received.filter((each) => each.price > behind);
    expect(late.length).toBeLessThan((price - behind) * 0.05);
    expect(late.slice(-SYMBOLS.length)).toEqual(
      SYMBOLS.map((symbol, index) => ({ symbol, price: price - SYMBOLS.length + index + 1 })),
    );
    // What it did get is in order, and nothing came twice.
    const order = received.map((each) => each.price);
    expect(order).toEqual([...new Set(order)].toSorted((one, other) => one - other));
  }
}, 60_000);

interface Quote {
  readonly symbol: string;
  readonly price: number;
}

/** Reads a stream from where it was left until an update with this price. */
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
