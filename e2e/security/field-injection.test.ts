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

/** The text `__proto__` becomes data without a member, which has the same key as the empty text. */
const keyOf = (data: Readonly<Record<string, string>>): string => Object.keys(data)[0] ?? "";

const chat = defineContract({
  room: channel("rooms/:roomId", {
    message: z.record(z.string(), z.string()),
    topic: latest(z.record(z.string(), z.string()), { key: keyOf }),
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

/** With the first seed, `__proto__` replaces the value of the empty text. */
const seeds = [718_034, Date.now() % 1_000_000];

test.each(seeds)(
  "any string is one event with equal data, by two parsers and a browser, seed %d",
  async (seed) => {
    const { hub, url } = await open();
    const texts = strings(seed);
    // A path has no lone surrogates, and is not empty.
    const rooms = [...new Set(texts.map((text) => text.slice(0, 12).toWellFormed() || "x"))].slice(0, 40);
    const addresses: Address<"room", "rooms/:roomId">[] = rooms.map((roomId) => chat.room({ roomId }));
    const { id: first } = await hub.publish(chat.room({ roomId: "first" }), "message", {});
    const sent: ReceivedEvent[] = [];
    /** The id of the newest value, by path and key. */
    const valueIds = new Map<string, string>();
    for (const [index, text] of texts.entries()) {
      const address = addresses[index % addresses.length] ?? chat.room({ roomId: "x" });
      const data = text === "__proto__" ? {} : { [text]: text };
      // Reliable events, since each of them is owed. One in ten is a value whose key is the text, if keys may have it.
      const isValidKey = text.isWellFormed() && !text.includes("\0");
      const type = index % 10 === 0 && isValidKey ? "topic" : "message";
      const { id } = await hub.publish(address, type, data);
      sent.push([`${address.path}:${type}`, JSON.stringify(data), id]);
      if (type === "topic") valueIds.set(`${address.path} ${keyOf(data)}`, id);
    }
    // A value that a later one has replaced is not owed.
    const values = new Set(valueIds.values());
    const owed = sent.filter(([name, , id]) => !name.endsWith(":topic") || values.has(id));
    const last = owed.at(-1)?.[2] ?? "";
    const names = [...new Set(owed.map(([name]) => name))];
    const query = addresses.map(({ path }) => `channel=${encodeURIComponent(path)}`).join("&");
    const address = `${url}/events?${query}&after=${first}`;

    expect(await parse(address, last)).toEqual(owed);
    // The package has the interface of the platform.
    const publicSource = PublicEventSource as unknown as typeof EventSource;
    expect(await collect([publicSource, address, names, last])).toEqual(owed);

    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url);
    const parameters = ["EventSource", ...[address, names, last].map((value) => JSON.stringify(value))];
    const script = `(${collect.toString()})([${parameters.join(", ")}])`;
    expect(await page.evaluate(script)).toEqual(owed);
  },
  60_000,
);
