import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { contractWithSnapshot } from "../../packages/contract/test/test-contract.ts";
import { listen } from "../listen.ts";

/** Asks for a page; resolves with its status. */
type Ask = (path: string, viewer: string) => Promise<number>;
type TestHub = ReturnType<typeof openHub>;

const never = (): Promise<never> => new Promise(() => {});

/** The hooks hang for viewers of these names, and the loader for the room "hung". */
function openHub() {
  const hub = createHub(contractWithSnapshot, {
    log: memoryLog(),
    authenticate: ({ headers }) => {
      const id = headers.get("authorization") ?? "";
      return id.startsWith("authenticate") ? never() : { id };
    },
    authorize: ({ viewer }) => (viewer.id.startsWith("authorize") ? never() : true),
    snapshot: { room: ({ roomId }) => (roomId === "hung" ? never() : { text: roomId }) },
    onLog: () => {},
  });
  onTestFinished(() => hub.close());
  return hub;
}

const headersOf = (viewer: string) => ({ accept: "application/json", authorization: viewer });

const adapters: Readonly<Record<string, (hub: TestHub) => Promise<Ask>>> = {
  async "node:http"(hub) {
    const { port, close } = await listen(createServer(toNodeHandler(hub)));
    onTestFinished(async () => void (await close()));
    return async (path, viewer) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers: headersOf(viewer) })).status;
  },
  async "one session of HTTP/2"(hub) {
    const { port, close } = await listen(createHttp2Server(toNodeHandler(hub)));
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    onTestFinished(async () => {
      session.destroy();
      await close();
    });
    return (path, viewer) =>
      new Promise((resolve) => {
        const stream = session.request({ ":path": path, ...headersOf(viewer) });
        stream.on("error", () => {}).on("response", (headers) => resolve(headers[":status"] ?? 0));
      });
  },
  async "the fetch handler"(hub) {
    const handle = toFetchHandler(hub);
    return async (path, viewer) =>
      (await handle(new Request(`http://hub.example${path}`, { headers: headersOf(viewer) }))).status;
  },
};

test.each(Object.entries(adapters))(
  "pages that wait for events, hooks or loaders keep no other page waiting: %s",
  async (_, start) => {
    const ask = await start(openHub());
    const many: Promise<number>[] = [];
    for (let index = 0; index < 48; index++) {
      many.push(
        ask("/events?channel=rooms/quiet&wait=60&protocol=1", `reader ${index}`),
        ask("/events?channel=rooms/quiet&protocol=1", "authenticate"),
        ask("/events?channel=rooms/quiet&protocol=1", `authorize ${index}`),
        ask("/events?channel=rooms/hung&snapshot&protocol=1", `loader ${index}`),
      );
    }
    for (const each of many) each.catch(() => {});
    await pause(300);
    const begin = performance.now();
    expect(await ask("/events?channel=rooms/lobby&protocol=1", "ada")).toBe(200);
    expect(await ask("/events?channel=rooms/lobby&snapshot&protocol=1", "ada")).toBe(200);
    // What hangs does so for ten seconds. On a busy machine, the crowd alone takes a second or two.
    expect(performance.now() - begin).toBeLessThan(5_000);
  },
);
