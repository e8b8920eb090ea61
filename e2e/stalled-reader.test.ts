import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { follow } from "./reader.ts";
import { usedBytes } from "./used-bytes.ts";
import { servers } from "./wire/servers.ts";

/** Bytes of one event. */
const SIZE = 60_000;
/** 10 MB: more than the buffers of the kernel hold, which are 4 MiB on Linux. */
const EVENTS = 170;
/** What may be more or less at any moment, in bytes. */
const SLACK = 2_000_000;

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });

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
    const live = follow(port, lobby.path);
    await live.until(() => live.seen.isOpen);
    const padding = "x".repeat(SIZE);
    const publish = async (first: number, last: number): Promise<void> => {
      for (let number = first; number <= last; number++) {
        await hub.publish(lobby, "message", { text: `${number} ${padding}` });
        await live.until(() => live.seen.numbers.at(-1) === number);
      }
    };
    const stalled = follow(port, lobby.path);
    await stalled.until(() => stalled.seen.isOpen);
    stalled.socket.pause();
    // Whatever has a fixed size is full afterwards; what grows goes on growing.
    await publish(1, EVENTS);
    const before = usedBytes();
    await publish(EVENTS + 1, 2 * EVENTS);
    // What a socket or the collector has not let go of yet goes; what is kept for the reader stays.
    await expect.poll(() => usedBytes() - before, { timeout: 5_000 }).toBeLessThan(SLACK);
    expect(live.seen.numbers).toEqual(Array.from({ length: 2 * EVENTS }, (_, index) => index + 1));

    stalled.socket.resume();
    await stalled.until(() => stalled.seen.numbers.at(-1) === 2 * EVENTS);
    const { numbers, hasGap } = stalled.seen;
    expect(hasGap).toBe(true);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  });
}
