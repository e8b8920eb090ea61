// The classic first SSE server: it sends its time every second. Only the newest tick counts, so a slow reader is never
// late.
import { channel, defineContract, latest } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { z } from "zod";

export const time = defineContract({ clock: channel("clock", { tick: latest(z.object({ now: isoDate })) }) });

const { PORT = "3000" } = process.env;
export const hub = createHub(time, { log: memoryLog(), authorize: () => true });
export const server = express().all("/events", toNodeHandler(hub)).listen(Number(PORT), "127.0.0.1");
const timer = setInterval(() => {
  void hub.publish(time.clock(), "tick", { now: new Date() });
}, 1_000);
console.log(`curl -N 'http://127.0.0.1:${PORT}/events?channel=clock@now'`);

process.once("SIGINT", () => {
  clearInterval(timer);
  void hub.close().then(() => server.close());
});
