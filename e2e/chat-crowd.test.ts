import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { visit } from "./chat.ts";
import { startTestChat } from "./start-test-chat.ts";

const LISTS = 300;

const ask = (path: string, cookie = "") => `GET ${path} HTTP/1.1\r\nhost: localhost\r\ncookie: ${cookie}\r\n\r\n`;

/** A socket that the server has accepted: it accepts one in a turn of the event loop. */
async function accepted(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(ask("/healthz"));
  await once(socket, "data");
  return socket;
}

test("while 300 people ask for the list of rooms at the same moment, others are answered in between", async () => {
  const { url, server } = await startTestChat();
  const { cookie } = await visit(url, "ada");
  const sockets = await Promise.all(Array.from({ length: LISTS }, () => accepted(server.port)));
  const other = await accepted(server.port);
  let answered = 0;
  const all = Promise.all(sockets.map((socket) => once(socket, "data").then(() => answered++)));
  for (const socket of sockets) socket.write(ask("/api/rooms", cookie));
  other.write(ask("/healthz"));
  const [healthz] = (await once(other, "data")) as [Buffer];
  expect(String(healthz)).toMatch(/^HTTP\/1\.1 200 /);
  expect(answered).toBeLessThan(LISTS / 2);
  // A crowd that comes after a rest is not taken for one that has held up others.
  expect(answered).toBeGreaterThan(0);
  await all;
}, 30_000);
