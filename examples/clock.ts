// The classic first SSE server: its time, every second. Only the newest tick counts, so a slow reader never lags behind.
import { fileURLToPath } from "node:url";
import { channel, defineContract, latest } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { z } from "zod";

export const time = defineContract({ clock: channel("clock", { tick: latest(z.object({ now: isoDate })) }) });

/** @param every milliseconds between ticks */
export function startClock(port: number, every = 1_000) {
  const hub = createHub(time, { log: memoryLog(), authorize: () => true });
  const timer = setInterval(() => void hub.publish(time.clock(), "tick", { now: new Date() }), every);
  const server = express().all("/events", toNodeHandler(hub)).listen(port, "127.0.0.1");
  const close = async () => {
    clearInterval(timer);
    await hub.close();
    server.close();
  };
  return { server, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { close } = startClock(Number(port));
  process.once("SIGINT", () => void close());
  console.log(`curl -N 'http://127.0.0.1:${port}/events?channel=clock@now'`);
}
