import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as ask, type RequestListener } from "node:http";
import { connect as connectSocket, type AddressInfo } from "node:net";
import { memoryLog } from "@tidings/log";
import { testContract } from "../../contract/test/test-contract.ts";
import { createHub, type TraceRecord } from "../src/index.ts";
import { toNodeHandler } from "../src/node.ts";

export const PATH = "/events?channel=rooms/lobby";

/** What a test has opened. It is closed in reverse order. */
export const closing: (() => unknown)[] = [];
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

/** @param records what the hub reports goes here */
export function openHub(records: TraceRecord[] = []) {
  const onLog = (record: TraceRecord) => records.push(record);
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, onLog });
  closing.push(() => hub.close());
  return hub;
}

/** The handler as the middlewares of the tests see it: they do not wait for its promise. */
type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Wrap = (handler: Handler) => RequestListener;

/** A server on a port of its own. @param wrap what runs before the handler */
export async function serve(wrap: Wrap = (handler) => handler) {
  const records: TraceRecord[] = [];
  const hub = openHub(records);
  const server = createServer(wrap(toNodeHandler(hub)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // Safe: a server that listens on TCP has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return { hub, records, server, port, url: `http://127.0.0.1:${port}` };
}

/** A server that knows whether the newest response waits for its reader. */
export async function serveWatched() {
  let newest: ServerResponse | null = null;
  const served = await serve((handler) => (request, response) => {
    newest = response;
    handler(request, response);
  });
  return { ...served, isFull: () => newest?.socket?.writableNeedDrain === true };
}

export async function open(port: number, path = PATH): Promise<IncomingMessage> {
  const request = ask({ port, host: "127.0.0.1", path, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  closing.push(() => response.destroy());
  return response;
}

/** All that comes over a bare socket until the other side closes it. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connectSocket(port, "127.0.0.1");
  closing.push(() => socket.destroy());
  socket.write(text);
  let seen = "";
  for await (const chunk of socket) seen += String(chunk);
  return seen;
}
