import { createServer } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import httpProxy from "http-proxy";
import { createProxyMiddleware } from "http-proxy-middleware";
import { expect, onTestFinished, test } from "vitest";
import { listen, type ListeningServer } from "../listen.ts";
import { readUntil } from "../../packages/server/test/read-until.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { urlOf } from "./test-hub.ts";

/** Proxies that keep the request to the server open when the reader has left. */
const proxies: Readonly<Record<string, (target: string) => Promise<ListeningServer>>> = {
  "http-proxy 1.18"(target) {
    const proxy = httpProxy.createProxyServer({ target });
    return listen(createServer((request, response) => proxy.web(request, response, {}, () => response.destroy())));
  },
  "http-proxy-middleware 2"(target) {
    return listen(createServer(express().use(createProxyMiddleware({ target, logLevel: "silent" }))));
  },
};

test.each(Object.entries(proxies))("%s: readers who have left do not lock their viewer out", async (_, start) => {
  const hub = createHub(testContract, {
    log: memoryLog(),
    authenticate: () => ({ id: "ada" }),
    authorize: () => true,
    limits: { connectionsPerViewer: 4 },
  });
  onTestFinished(() => hub.close());
  const target = urlOf(await listen(createServer(toNodeHandler(hub))));
  const url = urlOf(await start(target));
  for (let round = 0; round < 8; round++) {
    const leaving = new AbortController();
    await fetch(`${url}/events?channel=rooms/lobby&protocol=1`, { signal: leaving.signal });
    leaving.abort();
  }
  expect(hub.stats().connections).toBe(4);
  const newest = await fetch(`${url}/events?channel=rooms/lobby&protocol=1`);
  expect(newest.status).toBe(200);
  await hub.publish(lobby, "message", { text: "hi" });
  await readUntil(newest.body, '{"text":"hi"}');
});
