// A price ticker with 1,000 updates a second. Only the newest price of a symbol counts. A slow reader skips the prices
// that are out of date, and the server keeps nothing for it but a position.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

const Price = z.object({ symbol: z.string(), price: z.number() });
export const market = defineContract({
  prices: channel("prices", { price: latest(Price, { key: ({ symbol }) => symbol }) }),
});

/** The server. */
export function startPrices(port: number) {
  const hub = createHub(market, { log: memoryLog(), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");
  return { hub, server };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { hub } = startPrices(Number(port));
  const symbols = ["ASSAM", "DARJEELING", "KEEMUN", "SENCHA", "CEYLON", "OOLONG", "PUERH", "MATCHA", "ROOIBOS", "MATE"];
  // Timers have a resolution of about a millisecond, so this publishes 10 updates every 10 ms.
  setInterval(() => {
    for (const symbol of symbols) {
      void hub.publish(market.prices(), "price", { symbol, price: 100 * Math.random() });
    }
  }, 10);
  console.log(`curl -N --limit-rate 1k 'http://127.0.0.1:${port}/events?channel=prices@now'`);
}
