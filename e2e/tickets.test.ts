import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type TraceRecord } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createTickets } from "@tidings/server/tickets";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createProxy } from "./tcp-proxy.ts";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });

/** The page's script, as PROTOCOL.md has it. */
async function readRecipe(): Promise<string> {
  const protocol = await readFile(new URL("../PROTOCOL.md", import.meta.url), "utf8");
  return /```js\n(let after = [^]*?)```/.exec(protocol)?.[1] ?? expect.fail("Expected a recipe in PROTOCOL.md.");
}

test("a page with the recipe of PROTOCOL.md gets everything once, over cuts and restarts, and no log has a ticket", async () => {
  const records: TraceRecord[] = [];
  const issued: string[] = [];
  const tickets = createTickets();
  const hub = createHub(chat, {
    log: memoryLog(),
    authenticate: (request) => tickets.redeem(request),
    authorize: ({ viewer }) => viewer.id === "ada",
    onLog: (record) => records.push(record),
    debug: true,
    random: () => 0,
  });
  const events = toNodeHandler(hub);
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    if (request.url !== "/ticket") {
      response.once("close", () => statuses.push(response.statusCode));
      return events(request, response);
    }
    const isAda = request.headers.authorization === "Bearer of ada";
    if (isAda) issued.push(tickets.issue({ id: "ada" }));
    response.writeHead(isAda ? 200 : 401).end(issued.at(-1));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const proxy = await createProxy((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    await hub.close();
    server.close();
  });

  const page = `http://127.0.0.1:${proxy.port}`;
  // What a browser does: addresses are resolved against the page's.
  class PageEventSource extends EventSource {
    constructor(path: string) {
      super(new URL(path, page));
      onTestFinished(() => this.close());
    }
  }
  const texts: string[] = [];
  let shown = (): void => {};
  const world = {
    authorization: "Bearer of ada",
    fetch: (path: string, init: RequestInit) => fetch(new URL(path, page), init),
    EventSource: PageEventSource,
    // The page's pauses, a hundred times shorter; those of the EventSource are its own.
    setTimeout: (task: () => void, milliseconds: number) => setTimeout(task, milliseconds / 100),
    show({ text }: { text: string }) {
      texts.push(text);
      shown();
    },
    reload: () => expect.fail("Expected no gap."),
  };
  const until = async (count: number): Promise<void> => {
    while (texts.length < count) await new Promise<void>((resolve) => (shown = resolve));
  };
  const say = async (first: number, last: number): Promise<void> => {
    for (let text = first; text <= last; text++) {
      await hub.publish(chat.room({ roomId: "lobby" }), "message", { text: String(text) });
    }
  };

  runInNewContext(`${await readRecipe()}\nfollow();`, world);
  await expect.poll(() => hub.stats().connections).toBe(1);
  await say(1, 3);
  await until(3);
  proxy.cut();
  await say(4, 6);
  await until(6);
  // Nobody answers for a while, not even for tickets.
  proxy.refuse();
  proxy.cut();
  await say(7, 9);
  proxy.accept();
  await until(9);
  await say(10, 10);
  await until(10);

  expect(texts).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  expect(issued.length).toBeGreaterThanOrEqual(3);
  // The EventSource asked again with the ticket that was used, and was refused.
  expect(statuses).toContain(401);
  expect(records.length).toBeGreaterThan(10);
  for (const ticket of issued) expect(JSON.stringify(records)).not.toContain(ticket);
});
