import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { createGunzip } from "node:zlib";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import compression from "compression";
import express, { type RequestHandler } from "express";
import { expect, test } from "vitest";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { expectFlow } from "./expect-flow.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";

/** Asks for the lobby of a hub in an application that compresses whatever it can. */
async function start(...before: RequestHandler[]) {
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, heartbeat: 300_000 });
  const app = express();
  app.use(compression({ threshold: 0 }), ...before);
  app.all("/events", toNodeHandler(hub));
  const port = await serveHub(hub, () => listen(createServer(app)));
  const headers = { "accept-encoding": "gzip" };
  const request = get({ port, host: "127.0.0.1", path: LOBBY_STREAM, headers, agent: false });
  // The one argument of "response".
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const publish = (text: string) => hub.publish(lobby, "message", { text });
  return { publish, response };
}

test("behind compression() every frame arrives at once, uncompressed", async () => {
  const { publish, response } = await start();
  expect(response.headers["content-encoding"]).toBeUndefined();
  await expectFlow(response, publish);
});

/** Removes `no-transform`, so that compression() compresses. */
const allowTransform: RequestHandler = (_request, response, next) => {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => setHeader(name, name.toLowerCase() === "cache-control" ? "no-store" : value);
  next();
};

test("behind a compression() that is forced to compress, every frame still arrives at once", async () => {
  const { publish, response } = await start(allowTransform);
  expect(response.headers["content-encoding"]).toBe("gzip");
  await expectFlow(response.pipe(createGunzip()), publish);
});
