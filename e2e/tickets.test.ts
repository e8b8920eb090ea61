import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { runInNewContext } from "node:vm";
import { memoryLog } from "@tidings/log";
import { createHub, type TraceRecord } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createTickets } from "@tidings/server/tickets";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { Changes } from "./changes.ts";
import { listen } from "./listen.ts";
import { serveHub } from "./serve-hub.ts";
import { createProxy } from "./tcp-proxy.ts";
import { lobby, testContract } from "../packages/contract/test/test-contract.ts";

/** The script for a page that PROTOCOL.md shows. */
async function readRecipe(): Promise<string> {
  const protocol = await readFile(new URL("../PROTOCOL.md", import.meta.url), "utf8");
  return /```js\n(let after = [^]*?)```/.exec(protocol)?.[1] ?? expect.fail("Expected a recipe in PROTOCOL.md.");
}

test("a page with the recipe of PROTOCOL.md gets everything once, over cuts, and no trace has a ticket", async () => {
  const records: TraceRecord[] = [];
  const issued: string[] = [];
  const tickets = createTickets();
  const hub = createHub(testContract, {
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
      void events(request, response);
      return;
    }
    const isAda = request.headers.authorization === "Bearer of ada";
    if (isAda) issued.push(tickets.issue({ id: "ada" }));
    response.writeHead(isAda ? 200 : 401).end(issued.at(-1));
  });
  const proxy = await createProxy(await serveHub(hub, () => listen(server)));
  onTestFinished(() => proxy.close());

  const page = `http://127.0.0.1:${proxy.port}`;
  // As in a browser, addresses are relative to that of the page.
  class PageEventSource extends EventSource {
    constructor(path: string) {
      super(new URL(path, page));
      onTestFinished(() => this.close());
    }
  }
  const texts: string[] = [];
  const shown = new Changes();
  const globals = {
    authorization: "Bearer of ada",
    fetch: (path: string, init: RequestInit) => fetch(new URL(path, page), init),
    EventSource: PageEventSource,
    // The pauses of the script are a hundred times shorter here; those of the EventSource are not changed.
    setTimeout: (task: () => void, milliseconds: number) => setTimeout(task, milliseconds / 100),
    show({ text }: { text: string }) {
      texts.push(text);
      shown.announce();
    },
    reload: () => expect.fail("Expected no gap."),
  };
  const until = (count: number): Promise<void> => shown.until(() => texts.length >= count);
  const say = async (first: number, last: number): Promise<void> => {
    for (let text = first; text <= last; text++) {
      await hub.publish(lobby, "message", { text: String(text) });
    }
  };

  runInNewContext(`${await readRecipe()}\nfollow();`, globals);
  await expect.poll(() => hub.stats().connections).toBe(1);
  await say(1, 3);
  await until(3);
  proxy.cut();
  await say(4, 6);
  await until(6);
  // For a while the server cannot be reached, not even for tickets.
  proxy.refuse();
  proxy.cut();
  await say(7, 9);
  proxy.accept();
  await until(9);
  await say(10, 10);
  await until(10);

  expect(texts).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  expect(issued.length).toBeGreaterThanOrEqual(3);
  // The EventSource has reconnected with the used ticket, and was refused.
  expect(statuses).toContain(401);
  expect(records.length).toBeGreaterThan(10);
  for (const ticket of issued) expect(JSON.stringify(records)).not.toContain(ticket);
});
