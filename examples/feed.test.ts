import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { news, readFeed, startFeed } from "./feed.ts";

async function start() {
  const { hub, server } = startFeed(0);
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;
  const publish = async (first: number, last: number): Promise<void> => {
    for (let story = first; story <= last; story++) {
      await hub.publish(news.feed({ topic: "tea" }), "story", { title: `story ${story}` });
      await hub.publish(news.feed({ topic: "coffee" }), "story", { title: `another feed's ${story}` });
    }
  };
  return { url: `http://127.0.0.1:${port}/events`, publish };
}

function stories(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `story ${first + index}`);
}

test("the newest stories come first, then those published between page and stream, then live ones", async () => {
  const { url, publish } = await start();
  await publish(1, 8);
  const reader = readFeed(url, "tea", 5);
  const titles: string[] = [];
  const read = async (count: number): Promise<void> => {
    while (titles.length < count) titles.push(String((await reader.next()).value));
  };
  // The generator has read its page. It opens the stream only when the test asks for the sixth title.
  await read(5);
  await publish(9, 11);
  await read(8);
  await publish(12, 13);
  await read(10);
  await reader.return();
  expect(titles).toEqual(stories(4, 13));
});

test("over plain HTTP: the stream continues at the page's cursor", async () => {
  const { url, publish } = await start();
  await publish(1, 4);
  const page = await fetch(`${url}?channel=feeds/tea&last=2`, { headers: { accept: "application/json" } });
  const { events, cursor, more } = (await page.json()) as {
    events: { data: { title: string } }[];
    cursor: string;
    more: boolean;
  };
  expect({ titles: events.map(({ data }) => data.title), more }).toEqual({ titles: stories(3, 4), more: true });
  await publish(5, 7);

  const stream = await fetch(`${url}?channel=feeds/tea&after=${cursor}`);
  let text = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("story 7")) await publish(8, 8);
    if (text.includes("story 8")) break;
  }
  const titles = Array.from(text.matchAll(/^data: \{"title":"(.+)"\}$/gm), ([, title]) => title);
  expect(titles).toEqual(stories(5, 8));
});
