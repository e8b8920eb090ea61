import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { server } from "../test/test-server.ts";
import { Database } from "./database.ts";
import { postgresLog } from "./postgres-log.ts";

/** A message of PostgreSQL's protocol: its type, the length of the rest, and its content. */
function message(type: string, content: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, Buffer.from(content, "latin1")]);
}

const AUTHENTICATED = message("R", "\0\0\0\0");
const READY = message("Z", "I");
const SHUTTING_DOWN = message("E", "SFATAL\0C57P01\0Mthe server stops\0\0");

test("a connection that ends in the moment in which it is ready is a failed statement, and nothing else", async () => {
  // The error comes before the pool has handed on the connection, so nobody of the log listens yet.
  const stopping = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([AUTHENTICATED, READY, SHUTTING_DOWN])));
  });
  stopping.listen(0, "127.0.0.1");
  await once(stopping, "listening");
  onTestFinished(() => void stopping.close());
  // Safe: a server on a port has such an address.
  const { port } = stopping.address() as AddressInfo;
  const database = new Database(`postgres://tidings@127.0.0.1:${port}/tidings`, "tidings", 5_000);
  onTestFinished(() => database.close());
  await expect(database.query("select 1")).rejects.toThrow("Client has encountered a connection error");
});

test.for([0, undefined])("an attempt to connect ends, also if the settings give it %s milliseconds", async (given) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const silent = createServer((socket) => socket.on("error", () => {}));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  // Safe: a server on a port has such an address.
  const { port } = silent.address() as AddressInfo;
  const settings = { host: "127.0.0.1", port, user: "tidings", connectionTimeoutMillis: given };
  const database = new Database(settings, "tidings", 5_000);
  onTestFinished(() => database.close());
  const asked = database.query("select 1").catch(String);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(await asked).toContain("timeout");
});

test("a server that demands a password, where the connection has none, is said", async () => {
  const DEMAND = message("R", "\0\0\0\x0aSCRAM-SHA-256\0\0");
  const FIRST_MESSAGE = message("R", "\0\0\0\x0br=nonce,s=c2FsdA==,i=4096");
  const demanding = createServer((socket) => {
    socket.on("error", () => {});
    const answers = [DEMAND, FIRST_MESSAGE];
    socket.on("data", () => void socket.write(answers.shift() ?? ""));
  });
  demanding.listen(0, "127.0.0.1");
  await once(demanding, "listening");
  onTestFinished(() => void demanding.close());
  // Safe: a server on a port has such an address.
  const { port } = demanding.address() as AddressInfo;
  await expect(postgresLog(`postgres://app@127.0.0.1:${port}/app`)).rejects.toThrow(
    /Nothing was written: the server demands a password, and the connection has none\.$/,
  );
});

test("after a statement without an answer, no connection of before is used again", async () => {
  const network = await startProxy(server.url);
  const database = new Database(network.url, "tidings", 2_000);
  onTestFinished(() => database.close());
  await Promise.all([1, 2, 3].map(() => database.query("select pg_sleep(0.1)")));
  expect(network.countClients()).toBe(3);
  network.silence();
  await expect(database.query("select 1")).rejects.toThrow("Query read timeout");
  network.speak();
  // Each of the other two would cost as long again.
  expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
});
