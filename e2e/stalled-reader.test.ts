import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { servers } from "./wire/servers.ts";

/** Bytes of one event. */
const SIZE = 60_000;
/** 10 MB: more than the buffers of the kernel hold, which are 4 MiB on Linux. */
const EVENTS = 170;
/** What may be more or less at any moment, in bytes. */
const SLACK = 2_000_000;

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });

/** The bytes that this process holds, garbage aside. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag brings
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A reader that keeps nothing but the newest text's number. */
function follow(port: number) {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /events?channel=${lobby.path} HTTP/1.0\r\n\r\n`);
  const seen = { numbers: [] as number[], isOpen: false, hasGap: false };
  let moved = (): void => {};
  let rest = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    rest += chunk;
    const end = rest.lastIndexOf("\n\n");
    if (end === -1) return;
    const blocks = rest.slice(0, end);
    rest = rest.slice(end);
    seen.isOpen ||= blocks.includes("event: hello");
    seen.hasGap ||= blocks.includes("event: gap");
    for (const [, number] of blocks.matchAll(/"text":"(\d+) /g)) seen.numbers.push(Number(number));
    moved();
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise<void>((resolve) => (moved = resolve));
  };
  return { socket, seen, until };
}

for (const { name, serve } of servers.filter(({ http }) => http === 1)) {
  test(`${name}: a stalled reader costs nothing that grows, others see everything, and it is told what it missed`, async () => {
    // What log and ring keep is the same before and after, so what is more is kept for the reader.
    const hub = createHub(chat, {
      log: memoryLog({ keep: { entries: 20 } }),
      authorize: () => true,
      limits: { ringEntries: 20 },
      onLog: () => {},
    });
    const { port, close } = await serve(hub);
    onTestFinished(async () => {
      await hub.close();
      await close();
    });
    const live = follow(port);
    await live.until(() => live.seen.isOpen);
    const padding = "x".repeat(SIZE);
    const publish = async (first: number, last: number): Promise<void> => {
      for (let number = first; number <= last; number++) {
        await hub.publish(lobby, "message", { text: `${number} ${padding}` });
        await live.until(() => live.seen.numbers.at(-1) === number);
      }
    };
    const stalled = follow(port);
    await stalled.until(() => stalled.seen.isOpen);
    stalled.socket.pause();
    // Whatever has a fixed size is full afterwards; what grows goes on growing.
    await publish(1, EVENTS);
    const before = usedBytes();
    await publish(EVENTS + 1, 2 * EVENTS);
    expect(usedBytes() - before).toBeLessThan(SLACK);
    expect(live.seen.numbers).toEqual(Array.from({ length: 2 * EVENTS }, (_, index) => index + 1));

    stalled.socket.resume();
    await stalled.until(() => stalled.seen.numbers.at(-1) === 2 * EVENTS);
    const { numbers, hasGap } = stalled.seen;
    expect(hasGap).toBe(true);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  });
}
