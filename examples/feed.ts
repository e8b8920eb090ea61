// History first, then live events: one page of the newest stories, and then the stream from the page's cursor. Between
// page and stream nothing is missing and nothing is repeated.
import { fileURLToPath } from "node:url";
import { createServer } from "node:http";
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

export const news = defineContract({ feed: channel("feeds/:topic", { story: z.object({ title: z.string() }) }) });

/** The server. */
export function startFeed(port: number) {
  const hub = createHub(news, { log: memoryLog(), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");
  return { hub, server };
}

/** The client. Yields the titles of the newest `last` stories, then of every story that is published. */
export async function* readFeed(url: string, topic: string, last: number) {
  const client = createClient(news, { url });
  try {
    const { events, cursor } = await client.history(news.feed({ topic }), { last });
    for (const { data } of events) yield data.title;
    for await (const { data } of client.events(news.feed({ topic }), { after: cursor })) {
      yield data.title;
    }
  } finally {
    client.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { hub } = startFeed(Number(port));
  const publish = (title: string) => hub.publish(news.feed({ topic: "tea" }), "story", { title });
  for (const title of ["Kettle found", "Water boils", "Leaves arrive"]) await publish(title);
  setInterval(() => void publish(`Still steeping at ${new Date().toISOString()}`), 2_000);
  for await (const title of readFeed(`http://127.0.0.1:${port}/events`, "tea", 2)) console.log(title);
}
