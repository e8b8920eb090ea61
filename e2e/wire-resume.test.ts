import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createParser } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createProxy } from "./tcp-proxy.ts";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const TEXTS = ["plain", "characters of 2, 3 and 4 bytes: é € 🫖", 'data: {"a":1}\n\nid: 9.9\n\n', "the end"];
/** The hello and three events are cut at every byte; "the end" says that nothing else has come before it. */
const WINDOW = 4;

/** A log with these events, its hub on a real socket, and a proxy that can cut. */
async function start() {
  // Without chance the head and the hello of every answer are equally long.
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, random: () => 0.5, heartbeat: 300_000 });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const proxy = await createProxy(port);
  onTestFinished(async () => {
    await proxy.close();
    await hub.close();
    server.close();
  });
  const room = chat.room({ roomId: "lobby" });
  const { id: before } = await hub.publish(room, "message", { text: "seen long ago" });
  for (const text of TEXTS) await hub.publish(room, "message", { text });
  return { port, proxy, path: `/events?channel=${room.path}&after=${before}` };
}

/** The answer as it goes over the wire, head and chunk sizes included. */
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

/** Each block of an answer that has an id, and where it ends. */
function framesOf(answer: Buffer): { readonly id: string; readonly end: number }[] {
  // One character a byte, so that positions are those of bytes.
  const blocks = answer.toString("latin1").matchAll(/\nid: (.+)\n\n/g);
  return Array.from(blocks, ({ 0: text, 1: id = "", index }) => ({ id, end: index + text.length }));
}

interface Visit {
  readonly texts: readonly string[];
  readonly lastId: string | null;
}

/** A plain client of one connection: what it was given, and the id it would come back with. */
async function visit(port: number, path: string, lastEventId: string | null): Promise<Visit> {
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
    const [response] = (await once(request, "response")) as [IncomingMessage];
    for await (const chunk of response) {
      parser.push(chunk as Buffer);
      if (texts.at(-1) === TEXTS.at(-1)) break;
    }
  } catch {
    // The cut; that is what the test is about.
  }
  request.destroy();
  return { texts, lastId };
}

test("a connection cut after any byte gives whole events only, and resumes exactly after the last of them", async () => {
  const { port, proxy, path } = await start();
  const answer = await recordAnswer(port, path);
  const frames = framesOf(answer).slice(0, WINDOW);
  const size = frames.at(-1)?.end ?? 0;

  for (let bytes = answer.indexOf("\r\n\r\n"); bytes <= size; bytes++) {
    const where = `cut after ${bytes} of ${size} bytes`;
    const whole = frames.filter(({ end }) => end <= bytes);
    proxy.cutAfter(bytes);
    const first = await visit(proxy.port, path, null);
    expect(first, where).toEqual({
      texts: TEXTS.slice(0, Math.max(0, whole.length - 1)),
      lastId: whole.at(-1)?.id ?? null,
    });

    proxy.cutAfter(Number.POSITIVE_INFINITY);
    const second = await visit(proxy.port, path, first.lastId);
    expect([...first.texts, ...second.texts], where).toEqual(TEXTS);
  }
}, 60_000);
