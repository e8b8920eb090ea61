import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { memoryLog } from "@tidings/log";
import { createParser } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { serveHub } from "./serve-hub.ts";
import { createProxy } from "./tcp-proxy.ts";
import { lobby, testContract } from "../packages/contract/test/test-contract.ts";

const TEXTS = ["plain", "characters of 2, 3 and 4 bytes: é € 🫖", 'data: {"a":1}\n\nid: 9.9\n\n', "the end"];
/** How many blocks are cut at every byte: the hello and three events. "the end" proves that no others came before. */
const WINDOW = 4;

/** Serves a hub whose log has these events, behind a proxy that can cut. */
async function start() {
  // With this `random`, the head and the hello of each answer have the same length.
  const hub = createHub(testContract, {
    log: memoryLog(),
    authorize: () => true,
    random: () => 0.5,
    heartbeat: 300_000,
  });
  const port = await serveHub(hub);
  const proxy = await createProxy(port);
  onTestFinished(() => proxy.close());
  const { id: before } = await hub.publish(lobby, "message", { text: "seen long ago" });
  for (const text of TEXTS) await hub.publish(lobby, "message", { text });
  return { port, proxy, path: `/events?channel=${lobby.path}&after=${before}` };
}

/** The answer as it is on the wire, with its head and chunk sizes. */
async function recordAnswer(port: number, path: string): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  let answer = Buffer.alloc(0);
  for await (const chunk of socket) {
    // A socket without an encoding yields Buffers.
    answer = Buffer.concat([answer, chunk as Buffer]);
    if (framesOf(answer).length > WINDOW) return answer;
  }
  throw new Error("Expected an answer with four events, got the end of the connection.");
}

/** Each block of an answer that has an id, and the offset of its end. */
function framesOf(answer: Buffer): { readonly id: string; readonly end: number }[] {
  // One character for each byte, so that the index of a match is an offset in bytes.
  const blocks = answer.toString("latin1").matchAll(/\nid: (.+)\n\n/g);
  return Array.from(blocks, ({ 0: text, 1: id = "", index }) => ({ id, end: index + text.length }));
}

/** What one connection has brought. */
interface Received {
  readonly texts: readonly string[];
  /** With which the client would resume. */
  readonly lastId: string | null;
}

/** Opens one connection and reads until it ends, or until the last text has come. */
async function receive(port: number, path: string, lastEventId: string | null): Promise<Received> {
  const texts: string[] = [];
  let lastId = lastEventId;
  const parser = createParser({
    onEvent({ event, data, id }) {
      if (event === "rooms/lobby:message") texts.push((JSON.parse(data) as { text: string }).text);
      lastId = id ?? lastId;
    },
  });
  const headers = lastEventId === null ? {} : { "last-event-id": lastEventId };
  const request = get({ host: "127.0.0.1", port, path, headers, agent: false });
  try {
    // The one argument of "response".
    const [response] = (await once(request, "response")) as [IncomingMessage];
    for await (const chunk of response) {
      // A response without an encoding yields Buffers.
      parser.push(chunk as Buffer);
      if (texts.at(-1) === TEXTS.at(-1)) break;
    }
  } catch {
    // The cut is the subject of the test.
  }
  request.destroy();
  return { texts, lastId };
}

test("a connection that is cut after any byte delivers whole events only, and resumes after the last", async () => {
  const { port, proxy, path } = await start();
  const answer = await recordAnswer(port, path);
  const frames = framesOf(answer).slice(0, WINDOW);
  const size = frames.at(-1)?.end ?? 0;

  for (let bytes = answer.indexOf("\r\n\r\n"); bytes <= size; bytes++) {
    const where = `cut after ${bytes} of ${size} bytes`;
    const whole = frames.filter(({ end }) => end <= bytes);
    proxy.cutAfter(bytes);
    const first = await receive(proxy.port, path, null);
    expect(first, where).toEqual({
      texts: TEXTS.slice(0, Math.max(0, whole.length - 1)),
      lastId: whole.at(-1)?.id ?? null,
    });

    proxy.cutAfter(Number.POSITIVE_INFINITY);
    const second = await receive(proxy.port, path, first.lastId);
    expect([...first.texts, ...second.texts], where).toEqual(TEXTS);
  }
}, 60_000);
