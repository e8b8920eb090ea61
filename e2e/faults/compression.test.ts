import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createGunzip } from "node:zlib";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import compression from "compression";
import express, { type RequestHandler } from "express";
import { expect, onTestFinished, test } from "vitest";
import { chat, LOBBY } from "./served-chat.ts";

const room = chat.room({ roomId: "lobby" });

/** An application that compresses what it can, and a hub behind that. */
async function start(...before: RequestHandler[]) {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, heartbeat: 300_000 });
  const app = express();
  app.use(compression({ threshold: 0 }), ...before);
  app.all("/events", toNodeHandler(hub));
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const request = get({ port, host: "127.0.0.1", path: LOBBY, headers: { "accept-encoding": "gzip" }, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { hub, response };
}

/** One event at a time: none is published before the last one has arrived, so a frame that is held back would be waited for in vain. */
async function expectFlow({ publish }: { publish: (text: string) => Promise<unknown> }, body: AsyncIterable<Buffer>) {
  let text = "";
  let next = 0;
  for await (const chunk of body) {
    text += chunk.toString("utf8");
    if (next > 0 && !text.includes(`{"text":"number ${next}"}`)) continue;
    if (next === 5) return;
    await publish(`number ${++next}`);
  }
  throw new Error(`Expected five events, got the end after ${text}`);
}

test("behind compression() every frame flows at once, as it is", async () => {
  const { hub, response } = await start();
  expect(response.headers["content-encoding"]).toBeUndefined();
  await expectFlow({ publish: (text) => hub.publish(room, "message", { text }) }, response);
});

/** As an application does that knows better than `no-transform`. */
const allowTransform: RequestHandler = (_request, response, next) => {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => setHeader(name, name.toLowerCase() === "cache-control" ? "no-store" : value);
  next();
};

test("behind a compression() that is made to compress every frame flows at once all the same", async () => {
  const { hub, response } = await start(allowTransform);
  expect(response.headers["content-encoding"]).toBe("gzip");
  await expectFlow({ publish: (text) => hub.publish(room, "message", { text }) }, response.pipe(createGunzip()));
});
