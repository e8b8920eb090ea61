import { connect } from "node:net";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { amount, PATIENCE, progress, record } from "./long-run.ts";
import { buildHubProgram } from "../build-program.ts";
import { LOBBY_STREAM, type ProcessState } from "./hub-program-api.ts";
import { startHubProcess, type ServerProcess } from "./server-process.ts";

const CYCLES = amount(10_000, 100_000);
/** Before the baseline, so that caches are full and code is compiled. */
const WARM_UP = 3_000;
const AT_ONCE = 50;
const MIB = 1024 * 1024;

/** Connects and leaves: before the answer, after its first bytes, or after the hello. */
function connectAndLeave(port: number, number: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const leave = (): void => void socket.destroy();
    if (number % 3 === 0) socket.once("connect", leave);
    if (number % 3 === 1) socket.once("data", leave);
    socket
      .on("data", (chunk: Buffer) => chunk.includes("event: hello") && leave())
      .on("error", () => {})
      .on("close", () => resolve());
    socket.write(`GET ${LOBBY_STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  });
}

async function runCycles(port: number, count: number): Promise<void> {
  const limit = pLimit(AT_ONCE);
  let done = 0;
  const one = async (number: number): Promise<void> => {
    await connectAndLeave(port, number);
    if (++done % 10_000 === 0) progress(`${done} of ${count} connections`);
  };
  await Promise.all(Array.from({ length: count }, (_, number) => limit(() => one(number))));
}

/** What the process holds when the last of them is gone. */
async function stateAtRest({ port }: ServerProcess): Promise<ProcessState> {
  // What hub-program.ts answers.
  const read = async () => (await (await fetch(`http://127.0.0.1:${port}/state`)).json()) as ProcessState;
  await expect.poll(async () => (await read()).connections, { timeout: 20_000 }).toBe(0);
  // Again: a destroyed socket is gone only after a turn or two.
  return read();
}

test(
  `${CYCLES} readers that leave at once leave nothing behind: no stream, handle, timer, listener or memory`,
  async () => {
    const hub = await startHubProcess(await buildHubProgram());
    await runCycles(hub.port, WARM_UP);
    const before = await stateAtRest(hub);
    await runCycles(hub.port, CYCLES);
    const after = await stateAtRest(hub);

    expect(after).toMatchObject({ connections: 0, channels: 0 });
    expect(after.resources).toEqual(before.resources);
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    record("connect and abort", { cycles: CYCLES, "heap grown": `${(grown / MIB).toFixed(1)} MiB` });
    // A leak of a hundred bytes for each would fail.
    expect(grown).toBeLessThan(Math.max(MIB, CYCLES * 100));
    // For example the warning about too many listeners.
    expect(hub.errorOutput).toBe("");
  },
  PATIENCE,
);
