import { connect } from "node:net";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { buildHubProgram } from "../build-program.ts";
import { LOBBY_STREAM, type EventLoopDelay, type ProcessState } from "./hub-program-api.ts";
import { PATIENCE } from "./long-run.ts";
import { startHubProcess } from "./server-process.ts";

const READERS = 9_000;
const AT_ONCE = 100;
/** Milliseconds: ten times the bar. */
const MOST_DELAY = 500;

/** Opens a stream. Resolves when it has begun, with a promise of its whole text. */
function open(port: number): Promise<{ readonly text: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`GET ${LOBBY_STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    });
    let text = "";
    const ended = new Promise<string>((done) => socket.on("close", () => done(text)));
    socket
      .on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("event: hello")) resolve({ text: ended });
      })
      .on("error", reject);
  });
}

test(
  `${READERS} streams that end at the same time do not stop the event loop`,
  async () => {
    const { port } = await startHubProcess(await buildHubProgram());
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST" })).json();
    const limit = pLimit(AT_ONCE);
    const readers = await Promise.all(Array.from({ length: READERS }, () => limit(() => open(port))));
    await ask("/delay");
    const { connections } = (await ask("/state")) as ProcessState;
    expect(connections).toBe(READERS);
    // What the collection of garbage for the state has cost.
    await ask("/delay");
    await ask("/disconnect");
    const texts = await Promise.all(readers.map(({ text }) => text));
    const { worst } = (await ask("/delay")) as EventLoopDelay;
    expect(worst).toBeLessThan(MOST_DELAY);
    expect(texts.filter((text) => !text.includes('data: {"reason":"forbidden"}'))).toEqual([]);
  },
  PATIENCE,
);
