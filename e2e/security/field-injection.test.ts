import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

const chat = defineContract({
  room: channel("rooms/:roomId", {
    message: z.record(z.string(), z.string()),
    topic: latest(z.record(z.string(), z.string()), { key: (data) => Object.keys(data)[0] ?? "" }),
  }),
});

/** What would start another field, another event or another line, were it written as it is. */
const BREAKS = ["\r", "\n", "\r\n", "\0", "\u2028", "\u2029", "\u0085", "\uFEFF", "\v", "\f", "\r\r", "\n\n"];
const FIELDS = ["id: 666", "event: evil", "data: evil", "retry: 1", ":", "", " "];
const nasty = [
  ...BREAKS.flatMap((end) => FIELDS.map((field) => `a${end}${field}`)),
  ...FIELDS,
  "\ud800",
  "😀",
  "%0D%0A",
];

/** Three hundred strings: what is known to be nasty, and what nobody has thought of. */
function strings(seed: number): string[] {
  return [...nasty, ...fc.sample(fc.string({ unit: "binary" }), { seed, numRuns: 200 })];
}

/** A hub, a page that is empty, and whatever an `EventSource` would be told. */
async function open() {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, onLog: () => {} });
  const handler = toNodeHandler(hub);
  const server = createServer((request, response) => {
    if (request.url === "/") response.setHeader("content-type", "text/html").end("<!doctype html>");
    else handler(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  // A server that listens on a TCP port has an address of this shape.
  return { hub, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type Told = readonly [name: string, data: string, id: string];

/** What an `EventSource` of a browser or of a package is told, up to an id. Runs in a page, too, so it stands alone. */
function listen([Source, address, names, last]: [typeof EventSource, string, readonly string[], string]): Promise<
  Told[]
> {
  return new Promise((resolve) => {
    const told: Told[] = [];
    const source = new Source(address);
    for (const name of [...names, "message", "evil", "error", "open"]) {
      source.addEventListener(name, (event: Event) => {
        if (!("data" in event)) return;
        const { data, lastEventId } = event as MessageEvent<string>;
        told.push([name, data, lastEventId]);
        if (lastEventId !== last) return;
        source.close();
        resolve(told);
      });
    }
  });
}

/** What our parser finds in the same stream. */
async function parse(address: string, last: string): Promise<Told[]> {
  const told: Told[] = [];
  const parser = createParser({ onEvent: ({ event, data, id }) => told.push([event, data, id ?? ""]) });
  const { body } = await fetch(address);
  for await (const chunk of body ?? []) {
    parser.push(chunk);
    if (told.at(-1)?.[2] === last) break;
  }
  return told.filter(([name]) => name.includes(":"));
}

test("any string in data, key or param is exactly one event with equal data: for our parser, a public one and a browser", async () => {
  const { hub, url } = await open();
  const seed = Date.now() % 1_000_000;
  const texts = strings(seed);
  // A path has no lone surrogates, and is not empty.
  const rooms = [...new Set(texts.map((text) => text.slice(0, 12).toWellFormed() || "x"))].slice(0, 40);
  const addresses: Address<"room", { readonly roomId: string }>[] = rooms.map((roomId) => chat.room({ roomId }));
  const { id: first } = await hub.publish(chat.room({ roomId: "first" }), "message", {});
  const sent: Told[] = [];
  for (const [index, text] of texts.entries()) {
    const address = addresses[index % addresses.length] ?? chat.room({ roomId: "x" });
    const data = text === "__proto__" ? {} : { [text]: text };
    // A reliable event, as every one of them is owed; every tenth is a value, of a key with the text in it, as far as keys may have it.
    const type = index % 10 === 0 && text.isWellFormed() && !text.includes("\0") ? "topic" : "message";
    const { id } = await hub.publish(address, type, data);
    sent.push([`${address.path}:${type}`, JSON.stringify(data), id]);
  }
  // What a later value has replaced is not owed.
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
  expect(await listen([publicSource, address, names, last]), because).toEqual(owed);

  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  const script = `(${listen.toString()})([EventSource, ${JSON.stringify(address)}, ${JSON.stringify(names)}, ${JSON.stringify(last)}])`;
  expect(await page.evaluate(script), because).toEqual(owed);
}, 60_000);
