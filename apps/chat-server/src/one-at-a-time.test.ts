import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

/** An answer that does not fit in the buffers of a socket. */
const LARGE = "x".repeat(32 * 1024 * 1024);

/** A server, and a socket with a number of requests on it. */
async function pipeline(count: number) {
  const asked: string[] = [];
  const app = express()
    .use(oneAtATime())
    .get("/large", (_request, response) => void response.send((asked.push("large"), LARGE)))
    .get("/small", (_request, response) => void response.send((asked.push("small"), "small")));
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // Safe: the server listens on a TCP port.
  const { port } = server.address() as AddressInfo;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  const request = (more = "") => `GET /large HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
  socket.pause().write(request().repeat(count - 1) + request("connection: close\r\n"));
  return { asked, get, socket };
}

test("of 16 pipelined requests on a socket that reads nothing, one is answered, and others are served", async () => {
  const { asked, get } = await pipeline(16);
  await expect.poll(() => asked).toEqual(["large"]);
  expect(await get("/small")).toBe("small");
  expect(asked).toEqual(["large", "small"]);
});

test("a client that reads gets all answers", async () => {
  const { asked, socket } = await pipeline(3);
  const answers = await text(socket.resume());
  expect([asked.length, answers.length > 3 * LARGE.length]).toEqual([3, true]);
});

test("a socket with more requests that wait is closed", async () => {
  const { asked, socket } = await pipeline(400);
  await once(socket.resume(), "close");
  expect(asked.length).toBeLessThanOrEqual(1);
});
