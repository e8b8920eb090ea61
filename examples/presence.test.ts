import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { memoryLog, type EventLog } from "@tidings/log";
import { systemClock } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { app, startPresence, watchRoom } from "./presence.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

/** Starts a server in virtual time. */
async function start(time: VirtualClock, log: EventLog) {
  const clock = { ...systemClock, now: time.now, setTimeout: time.setTimeout.bind(time) };
  const { hub, presence, server, close } = startPresence(0, log, clock);
  onTestFinished(async () => {
    await close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;

  /** Opens a tab with curl, so to say. Returns a function that closes it. */
  const open = async (user: string): Promise<() => Promise<void>> => {
    const tab = new AbortController();
    const from = `${url}?channel=rooms/lobby/people@now`;
    const stream = await fetch(from, { headers: { "x-user": user }, signal: tab.signal });
    return async () => {
      const before = hub.stats().connections - 1;
      tab.abort();
      // Until here, the response is in use: the stream of one that is collected as garbage ends.
      await stream.text().catch(() => {});
      await expect.poll(() => hub.stats().connections, POLL).toBe(before);
    };
  };
  const watch = (user: string) => {
    const client = createClient(app, { url, headers: { "x-user": user } });
    onTestFinished(() => client.close());
    const seen: (readonly string[])[] = [];
    watchRoom(client, "lobby", (names) => seen.push(names));
    return () => [...(seen.at(-1) ?? [])].sort();
  };
  return { presence, open, watch };
}

test("over two servers and several tabs, everybody is in the room once, with what they are doing", async () => {
  const time = new VirtualClock();
  const log = memoryLog({ now: time.now });
  const [one, two] = [await start(time, log), await start(time, log)];
  const closeFirst = await one.open("ada");
  const closeSecond = await two.open("ada");
  const seen = two.watch("bo");
  await expect.poll(seen, POLL).toEqual(["ada", "bo"]);
  await one.presence.update(app.people({ roomId: "lobby" }), "ada", { isTyping: true });
  await expect.poll(seen, POLL).toEqual(["ada …", "bo"]);
  await closeFirst();
  await time.advance(10_000);
  expect(seen()).toEqual(["ada …", "bo"]);
  await closeSecond();
  await time.advance(3_000);
  await expect.poll(seen, POLL).toEqual(["bo"]);
});
