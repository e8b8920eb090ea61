import { connect } from "node:net";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { amount, PATIENCE, progress, record } from "./long-run.ts";
import { buildServedHub } from "./program.ts";
import { LOBBY, type Vitals } from "./served-chat.ts";
import { startHub, type ServerProcess } from "./server-process.ts";

const CYCLES = amount(10_000, 100_000);
/** Before the baseline: caches fill, code is compiled. */
const WARM_UP = 3_000;
const AT_ONCE = 50;
const MIB = 1024 * 1024;

/** Somebody comes, and leaves: before the answer, with its first bytes, or in the middle of an event. */
function comeAndGo(port: number, number: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const leave = (): void => void socket.destroy();
    const [onConnect, onData] = [() => number % 3 === 0 && leave(), () => number % 3 === 1 && leave()];
    socket
      .on("connect", onConnect)
      .once("data", onData)
      .on("data", (chunk: Buffer) => chunk.includes("event: hello") && leave())
      .on("error", () => {})
      .on("close", () => resolve());
    socket.write(`GET ${LOBBY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  });
}

async function cycles(port: number, count: number): Promise<void> {
  const atOnce = pLimit(AT_ONCE);
  let done = 0;
  const one = async (number: number): Promise<void> => {
    await comeAndGo(port, number);
    if (++done % 10_000 === 0) progress(`${done} of ${count} connections`);
  };
  await Promise.all(Array.from({ length: count }, (_, number) => atOnce(() => one(number))));
}

/** What the process has when the last of them is gone. */
async function rest({ port }: ServerProcess): Promise<Vitals> {
  const look = async () => (await (await fetch(`http://127.0.0.1:${port}/vitals`)).json()) as Vitals;
  await expect.poll(async () => (await look()).connections, { timeout: 20_000 }).toBe(0);
  // Once more: a socket that is destroyed takes a turn or two.
  return look();
}

test(
  `${CYCLES} readers that come and leave at once leave nothing behind: no stream, handle, timer or listener, and no memory`,
  async () => {
    const hub = await startHub(await buildServedHub());
    await cycles(hub.port, WARM_UP);
    const before = await rest(hub);
    await cycles(hub.port, CYCLES);
    const after = await rest(hub);

    expect(after).toMatchObject({ connections: 0, channels: 0 });
    expect(after.resources).toEqual(before.resources);
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    record("connect and abort", { cycles: CYCLES, "heap grown": `${(grown / MIB).toFixed(1)} MiB` });
    // A hundred bytes for each would show.
    expect(grown).toBeLessThan(Math.max(MIB, CYCLES * 100));
    // Among them the warning about listeners that are too many.
    expect(hub.said).toBe("");
  },
  PATIENCE,
);
