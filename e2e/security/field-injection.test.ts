import { createServer } from "node:http";
import { channel, defineContract, latest, type Address } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createParser } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { EventSource as PublicEventSource } from "eventsource";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startBrowser } from "../browser.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";

const chat = defineContract({
  room: channel("rooms/:roomId", {
    message: z.record(z.string(), z.string()),
    topic: latest(z.record(z.string(), z.string()), { key: (data) => Object.keys(data)[0] ?? "" }),
  }),
});

/** Characters that would start another line, field or event if they were written unescaped. */
const BREAKS = ["\r", "\n", "\r\n", "\0", "\u2028", "\u2029", "\u0085", "\uFEFF", "\v", "\f", "\r\r", "\n\n"];
const FIELDS = ["id: 666", "event: evil", "data: evil", "retry: 1", ":", "", " "];
const nasty = [
  ...BREAKS.flatMap((end) => FIELDS.map((field) => `a${end}${field}`)),
  ...FIELDS,
  "\ud800",
  "😀",
  "%0D%0A",
];

/** Three hundred strings: the dangerous ones above, and random ones. */
function strings(seed: number): string[] {
  return [...nasty, ...fc.sample(fc.string({ unit: "binary" }), { seed, numRuns: 200 })];
}

/** Serves a hub, and an empty web page beside it. */
async function open() {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, onLog: () => {} });
  const handler = toNodeHandler(hub);
  const server = createServer((request, response) => {
    if (request.url === "/") response.setHeader("content-type", "text/html").end("<!doctype html>");
    else void handler(request, response);
  });
  const port = await serveHub(hub, () => listen(server));
  return { hub, url: `http://127.0.0.1:${port}` };
}

type ReceivedEvent = readonly [name: string, data: string, id: string];

/**
 * Collects the events that an `EventSource` dispatches, up to an id. It also runs in a browser, so it uses nothing from
 * outside.
 */
function collect([EventSourceClass, address, names, last]: [
  typeof EventSource,
  string,
  readonly string[],
  string,
]): Promise<ReceivedEvent[]> {
  return new Promise((resolve) => {
    const received: ReceivedEvent[] = [];
    const source = new EventSourceClass(address);
    for (const name of [...names, "message", "evil", "error", "open"]) {
      source.addEventListener(name, (event: Event) => {
        if (!("data" in event)) return;
        const { data, lastEventId } = event as MessageEvent<string>;
        received.push([name, data, lastEventId]);
        if (lastEventId !== last) return;
        source.close();
        resolve(received);
      });
    }
  });
}

/** Collects the events that our parser finds in the same stream. */
async function parse(address: string, last: string): Promise<ReceivedEvent[]> {
  const received: ReceivedEvent[] = [];
  const parser = createParser({ onEvent: ({ event, data, id }) => received.push([event, data, id ?? ""]) });
  const { body } = await fetch(address);
  for await (const chunk of body ?? []) {
    parser.push(chunk);
    if (received.at(-1)?.[2] === last) break;
  }
  return received.filter(([name]) => name.includes(":"));
}

test("any string in data, key or param is one event with equal data, by two parsers and a browser", async () => {
  const { hub, url } = await open();
  const seed = Date.now() % 1_000_000;
  const texts = strings(seed);
  // A path has no lone surrogates, and is not empty.
  const rooms = [...new Set(texts.map((text) => text.slice(0, 12).toWellFormed() || "x"))].slice(0, 40);
  const addresses: Address<"room", "rooms/:roomId">[] = rooms.map((roomId) => chat.room({ roomId }));
  const { id: first } = await hub.publish(chat.room({ roomId: "first" }), "message", {});
  const sent: ReceivedEvent[] = [];
  for (const [index, text] of texts.entries()) {
    const address = addresses[index % addresses.length] ?? chat.room({ roomId: "x" });
    const data = text === "__proto__" ? {} : { [text]: text };
    // Reliable events, since each of them is owed. One in ten is a value whose key is the text, if keys may have it.
    const isValidKey = text.isWellFormed() && !text.includes("\0");
    const type = index % 10 === 0 && isValidKey ? "topic" : "message";
    const { id } = await hub.publish(address, type, data);
    sent.push([`${address.path}:${type}`, JSON.stringify(data), id]);
  }
  // A value that a later one has replaced is not owed.
  const owed = sent.filter(
    ([name, data], index) =>
      !name.endsWith(":topic") || !sent.slice(index + 1).some((later) => later[0] === name && later[1] === data),
  );
  const last = owed.at(-1)?.[2] ?? "";
  const names = [...new Set(owed.map(([name]) => name))];
  const query = addresses.map(({ path }) => `channel=${encodeURIComponent(path)}`).join("&");
  const address = `${url}/events?${query}&after=${first}`;

  const because = `seed ${seed}`;
  expect(await parse(address, last), because).toEqual(owed);
  // The package has the interface of the platform.
  const publicSource = PublicEventSource as unknown as typeof EventSource;
  expect(await collect([publicSource, address, names, last]), because).toEqual(owed);

  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  const parameters = ["EventSource", ...[address, names, last].map((value) => JSON.stringify(value))];
  const script = `(${collect.toString()})([${parameters.join(", ")}])`;
  expect(await page.evaluate(script), because).toEqual(owed);
}, 60_000);
