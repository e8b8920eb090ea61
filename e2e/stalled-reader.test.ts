import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, test } from "vitest";
import { readNumbers } from "./number-reader.ts";
import { serveHub } from "./serve-hub.ts";
import { lobby, testContract } from "../packages/contract/test/test-contract.ts";
import { usedBytes } from "./used-bytes.ts";
import { servers } from "./wire/servers.ts";

/** Bytes of one event. */
const SIZE = 60_000;
/** 10 MB together: more than the buffers of the kernel hold, 4 MiB on Linux. */
const EVENTS = 170;
/** By how many bytes two measurements of the same state may differ. */
const SLACK = 2_000_000;

for (const { name, serve } of servers.filter(({ http }) => http === 1)) {
  test(`${name}: a stalled reader costs constant memory and gets a gap; another reader gets everything`, async () => {
    // Log and ring hold as much before as after, so any growth is held for the stalled reader.
    const hub = createHub(testContract, {
      log: memoryLog({ keep: { entries: 20 }, burst: 0 }),
      authorize: () => true,
      limits: { ringEntries: 20 },
      onLog: () => {},
    });
    const port = await serveHub(hub, serve);
    const live = readNumbers(port, lobby.path);
    await live.until(() => live.seen.isOpen);
    const padding = "x".repeat(SIZE);
    const publish = async (first: number, last: number): Promise<void> => {
      for (let number = first; number <= last; number++) {
        await hub.publish(lobby, "message", { text: `${number} ${padding}` });
        await live.until(() => live.seen.numbers.at(-1) === number);
      }
    };
    const stalled = readNumbers(port, lobby.path);
    await stalled.until(() => stalled.seen.isOpen);
    stalled.socket.pause();
    // Afterwards every buffer of a fixed size is full; only what grows without a limit grows on.
    await publish(1, EVENTS);
    const before = usedBytes();
    await publish(EVENTS + 1, 2 * EVENTS);
    // Polled, since sockets and the garbage collector release some of their memory a little later.
    await expect.poll(() => usedBytes() - before, { timeout: 5_000 }).toBeLessThan(SLACK);
    expect(live.seen.numbers).toEqual(Array.from({ length: 2 * EVENTS }, (_, index) => index + 1));

    stalled.socket.resume();
    await stalled.until(() => stalled.seen.numbers.at(-1) === 2 * EVENTS);
    const { numbers, hasGap } = stalled.seen;
    expect(hasGap).toBe(true);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  });
}
