import { createServer, type RequestListener } from "node:http";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import { createApp, eventHandler, fromNodeMiddleware, toNodeListener } from "h3-1";
import { fromNodeHandler, H3 } from "h3";
import { toNodeHandler as toListener } from "h3/node";
import Koa from "koa";
import { expect, test, vi } from "vitest";
import { listen } from "../listen.ts";
import { readUntil } from "../../packages/server/test/read-until.ts";
import { lobby } from "../../packages/contract/test/test-contract.ts";
import { openHub, urlOf } from "./test-hub.ts";

type TestHub = ReturnType<typeof openHub>["hub"];

const frameworks: Readonly<Record<string, (hub: TestHub) => RequestListener>> = {
  "h3 v1, an event handler"(hub) {
    const handler = toNodeHandler(hub);
    return toNodeListener(createApp().use(eventHandler(({ node }) => handler(node.req, node.res))));
  },
  "h3 v1, fromNodeMiddleware"(hub) {
    return toNodeListener(createApp().use(fromNodeMiddleware(toNodeHandler(hub))));
  },
  "h3 v2, fromNodeHandler"(hub) {
    return toListener(new H3().all("/events", fromNodeHandler(toNodeHandler(hub))));
  },
  "h3 v2, toFetchHandler"(hub) {
    const handler = toFetchHandler(hub);
    return toListener(new H3().all("/events", ({ req }) => handler(req)));
  },
  "Koa with respond = false"(hub) {
    const handler = toNodeHandler(hub);
    const app = new Koa().use(async (context) => {
      context.respond = false;
      await handler(context.req, context.res);
    });
    const callback = app.callback();
    return (request, response) => void callback(request, response);
  },
};

test.each(Object.entries(frameworks))(
  "%s: pages, streams and refusals come, and readers may leave",
  async (_, start) => {
    const { hub, records } = openHub();
    const complain = vi.spyOn(console, "error");
    const url = urlOf(await listen(createServer(start(hub))));
    const page = await fetch(`${url}/events?channel=rooms/lobby`, { headers: { accept: "application/json" } });
    expect([page.status, await page.json()]).toEqual([200, expect.objectContaining({ events: [] })]);
    const stream = await fetch(`${url}/events?channel=rooms/lobby&protocol=1`);
    await hub.publish(lobby, "message", { text: "hi" });
    expect(await readUntil(stream.body, '{"text":"hi"}')).toContain("event: hello");
    await expect.poll(() => hub.stats().connections).toBe(0);
    const refusal = await fetch(`${url}/events?channel=nowhere&protocol=1`);
    expect([refusal.status, await refusal.json()]).toEqual([404, expect.objectContaining({ code: "unknown-channel" })]);
    const head = await fetch(`${url}/events?channel=rooms/lobby`, { method: "HEAD" });
    expect(head.status).toBe(200);
    const options = await fetch(`${url}/events?channel=rooms/lobby`, { method: "OPTIONS" });
    expect(options.status).toBe(204);
    // The refusal of the test is reported, and nothing else.
    expect([records.map(({ event }) => event), complain.mock.calls]).toEqual([["refuse"], []]);
  },
);

test("the promise of the handler settles when the answer is written, or its reader is gone", async () => {
  const { hub } = openHub();
  const handler = toNodeHandler(hub);
  const states: string[] = [];
  const url = urlOf(
    await listen(
      createServer(async (request, response) => {
        const index = states.push("running") - 1;
        await handler(request, response);
        states[index] = response.writableFinished ? "written" : "gone";
      }),
    ),
  );
  await (await fetch(`${url}/events?channel=rooms/lobby`, { headers: { accept: "application/json" } })).text();
  await expect.poll(() => states).toEqual(["written"]);
  const leaving = new AbortController();
  await fetch(`${url}/events?channel=rooms/lobby`, { signal: leaving.signal });
  expect(states).toEqual(["written", "running"]);
  leaving.abort();
  await expect.poll(() => states).toEqual(["written", "gone"]);
  const stream = await fetch(`${url}/events?channel=rooms/lobby`);
  await hub.close();
  await stream.text();
  await expect.poll(() => states).toEqual(["written", "gone", "written"]);
});
