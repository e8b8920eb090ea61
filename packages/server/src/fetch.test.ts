import { memoryLog } from "@tidings/log";
import { afterEach, describe, expect, test } from "vitest";
import { lobby, testContract } from "../../contract/test/test-contract.ts";
import { readUntil } from "../test/read-until.ts";
import { until } from "../test/until.ts";
import { closeAll, closing, openHub, PATH } from "../test/web-server.ts";
import { toFetchHandler } from "./fetch.ts";
import { createHub, type Limits, type Sink } from "./index.ts";

afterEach(closeAll);

const URL_OF = `https://hub.example${PATH}&protocol=1`;
const PAGE = { headers: { accept: "application/json" } };
/** The bytes that may wait in a web stream, with the batch that crosses the high-water mark. */
const MOST = 2 * 64 * 1024 + 1_024;

function open() {
  const hub = openHub();
  return { hub, handle: toFetchHandler(hub) };
}

function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  if (body === null) throw new Error("Expected a body, got none.");
  return body;
}

/** A body of so many parts of 16 kB. */
function countedBody(parts: number) {
  let sent = 0;
  let isCancelled = false;
  const stream = new ReadableStream({
    pull(controller) {
      if (sent++ < parts) controller.enqueue(new Uint8Array(16 * 1024));
      else controller.close();
    },
    cancel() {
      isCancelled = true;
    },
  });
  return { stream, isCancelled: () => isCancelled };
}

describe("a whole answer", () => {
  test("a page has its status, headers and JSON", async () => {
    const { hub, handle } = open();
    const { id } = await hub.publish(lobby, "message", { text: "a" });
    const response = await handle(new Request(`${URL_OF}&last=1`, PAGE));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.json()).toMatchObject({ events: [{ data: { text: "a" }, id }], cursor: id });
  });

  test("the host counts that only the URL says, as in HTTP/2", async () => {
    const hub = createHub(testContract, { log: memoryLog(), hosts: ["hub.example"], authorize: () => true });
    closing.push(() => hub.close());
    const handle = toFetchHandler(hub);
    const ask = (url: string, headers = {}) =>
      handle(new Request(url, { headers: { ...PAGE.headers, ...headers } })).then(({ status }) => status);
    const foreign = URL_OF.replace("hub.example", "evil.example");
    expect([await ask(URL_OF), await ask(foreign)]).toEqual([200, 403]);
    // The page's own origin passes without a list of origins.
    expect(await ask(URL_OF, { origin: "https://hub.example" })).toBe(200);
    expect(await ask(URL_OF, { host: "evil.example" })).toBe(403);
  });

  test("HEAD has headers, no body, and opens nothing", async () => {
    const { hub, handle } = open();
    const response = await handle(new Request(URL_OF, { method: "HEAD" }));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect([response.body, hub.stats().connections]).toEqual([null, 0]);
  });

  test.each<[string, (request: Request) => unknown]>([
    ["has read", (request) => request.text()],
    ["is reading", ({ body }) => body?.getReader()],
  ])("a body that somebody %s beside the framework is a 400 that says so", async (_, take) => {
    const { handle } = open();
    const raw = new Request(URL_OF, { ...PAGE, method: "POST", body: "{}" });
    await take(raw);
    // As `context.req` of Hono: it keeps only what was read through it.
    const answers = [raw, { raw, text: () => raw.text() }].map((given) => handle(given));
    for (const answer of await Promise.all(answers)) {
      expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringContaining("has been read") });
    }
  });

  test("a body that is too long is a 413, and is read to its end: SvelteKit cuts off whoever cancels it", async () => {
    const { handle } = open();
    const post = (parts: number) => {
      const body = countedBody(parts);
      // Safe: the types of the DOM do not have `duplex` yet, and Node asks for it.
      const init = { method: "POST", ...PAGE, body: body.stream, duplex: "half" } as RequestInit;
      return handle(new Request(URL_OF, init)).then(({ status }) => [status, body.isCancelled()]);
    };
    expect(await post(8)).toEqual([413, false]);
    // But not for ever.
    expect(await post(Infinity)).toEqual([413, true]);
  });

  test.each([
    ["says its length", { "content-length": "600000" }, 1_000],
    ["does not say its length", {}, 70_000],
  ])("a body that is too long, comes slowly and %s is a 413 after a second", async (_, length, size) => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(size)) });
    // Safe: as above.
    const init = { method: "POST", headers: { ...PAGE.headers, ...length }, body, duplex: "half" } as RequestInit;
    expect((await open().handle(new Request(URL_OF, init))).status).toBe(413);
  });

  test("a refusal is a problem", async () => {
    const response = await open().handle(new Request("https://hub.example/events?channel=nowhere&protocol=1"));
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect(await response.json()).toMatchObject({ code: "unknown-channel", channels: ["nowhere"] });
  });

  test.each([
    ["names the channels", JSON.stringify({ channels: { "rooms/lobby": null } }), 200],
    ["that is no JSON is 400", "{", 400],
    [
      "that is longer than its limit is 413",
      JSON.stringify({ channels: { "rooms/lobby": null }, x: "x".repeat(65_536) }),
      413,
    ],
  ])("the body of a POST %s", async (_, body, status) => {
    const response = await open().handle(
      new Request(URL_OF.replace("channel", "x"), { ...PAGE, method: "POST", body }),
    );
    expect(response.status).toBe(status);
  });
});

describe("a stream", () => {
  test("delivers events as they are published", async () => {
    const { hub, handle } = open();
    const response = await handle(new Request(URL_OF));
    await hub.publish(lobby, "message", { text: "a" });
    expect(await readUntil(bodyOf(response), '{"text":"a"}')).toMatch(/^retry: \d+\nevent: hello\n/);
  });

  test("ends for a reader that goes on when its request is aborted, before or after it has cancelled", async () => {
    const { hub, handle } = open();
    const aborts = [new AbortController(), new AbortController()];
    const [read, cancelled] = await Promise.all(
      aborts.map(async ({ signal }) => bodyOf(await handle(new Request(URL_OF, { signal })))),
    );
    await cancelled?.cancel();
    for (const each of aborts) each.abort();
    expect(await new Response(read).text()).toContain("event: hello");
    expect(hub.stats().connections).toBe(0);
  });

  test("has no more than its high-water mark waiting while nobody pulls, and loses nothing", async () => {
    const hub = openHub();
    let written = 0;
    const counting: typeof hub.handle = async (request) => {
      const answer = await hub.handle(request);
      if (!("open" in answer)) return answer;
      const count = (sink: Sink): Sink => ({
        write(bytes, framed) {
          written += bytes.length;
          return sink.write(bytes, framed);
        },
        end: () => sink.end(),
      });
      return { ...answer, open: (sink) => answer.open(count(sink)) };
    };
    const body = bodyOf(await toFetchHandler({ handle: counting })(new Request(URL_OF)));
    const text = "x".repeat(10_000);
    for (let index = 1; index <= 100; index++) await hub.publish(lobby, "message", { text: `${index} ${text}` });
    await until(() => hub.stats().ring.head.endsWith(".100"));
    // Every connection that was woken has been pumped.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(written).toBeGreaterThan(64 * 1_024);
    expect(written).toBeLessThan(MOST);
    const rest = await readUntil(body, '"100 x');
    expect(rest.match(/"text":"\d+ x/g)).toHaveLength(100);
  });

  test("that is cancelled, or whose request is aborted, closes its connection", async () => {
    const { hub, handle } = open();
    const gone = new AbortController();
    const cancelled = bodyOf(await handle(new Request(URL_OF)));
    await handle(new Request(URL_OF, { signal: gone.signal }));
    expect(hub.stats().connections).toBe(2);
    await cancelled.cancel();
    expect(hub.stats().connections).toBe(1);
    gone.abort();
    expect(hub.stats()).toMatchObject({ connections: 0, channels: 0 });
  });

  test("whose client has left before it was opened is closed at once", async () => {
    const gone = new AbortController();
    const hub = createHub(testContract, {
      log: memoryLog(),
      authorize: () => {
        gone.abort();
        return true;
      },
    });
    closing.push(() => hub.close());
    await toFetchHandler(hub)(new Request(URL_OF, { signal: gone.signal }));
    expect(hub.stats().connections).toBe(0);
  });

  test("ends with bye when the hub closes", async () => {
    const { hub, handle } = open();
    const response = await handle(new Request(URL_OF));
    await hub.close();
    expect(await response.text()).toContain('event: bye\ndata: {"reason":"draining"}');
  });
});

describe("a runtime that can end an idle connection, as Bun can,", () => {
  /** The server of the runtime, as Bun hands it to a handler. Its method needs its object. */
  class Runtime {
    readonly limits: (readonly [request: Request, seconds: number])[] = [];
    timeout(request: Request, seconds: number): void {
      this.limits.push([request, seconds]);
    }
  }

  test("is told to, five seconds after the end of a stream", async () => {
    const { hub, handle } = open();
    const runtime = new Runtime();
    const request = new Request(URL_OF);
    await handle(request, runtime);
    expect(runtime.limits).toEqual([]);
    await hub.close();
    expect(runtime.limits).toEqual([[request, 5]]);
  });

  test("is told to, a second after nobody took a page while others waited", async () => {
    const { hub, handle } = open();
    for (let count = 0; count < 16; count++) await hub.publish(lobby, "message", { text: "x".repeat(60_000) });
    const runtime = new Runtime();
    const ask = () => handle(new Request(`${URL_OF}&last=18`, PAGE), runtime);
    await Promise.all(Array.from({ length: 40 }, ask));
    await until(() => runtime.limits.length > 0);
    expect(runtime.limits[0]?.[1]).toBe(1);
  });

  test.each([[undefined], [{}], [{ timeout: 5 }], [{ timeout: () => expect.unreachable("another method") }]])(
    "is one with such a method, and %o harms nobody",
    async (runtime) => {
      const { hub, handle } = open();
      // Safe: a framework may pass anything in the second place.
      const response = await handle(new Request(URL_OF), runtime as object);
      await hub.close();
      expect(await response.text()).toContain("event: bye");
    },
  );
});

describe("without a look at sockets and sessions", () => {
  async function openSigned(limits: Partial<Limits> = {}) {
    const hub = createHub(testContract, {
      log: memoryLog(),
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }),
      authorize: () => true,
      limits,
      onLog: () => {},
    });
    closing.push(() => hub.close());
    const text = "x".repeat(60_000);
    for (let count = 0; count < 18; count++) await hub.publish(lobby, "message", { text });
    const handle = toFetchHandler(hub);
    const ask = (authorization: string, query = "", accept = "text/event-stream") =>
      handle(new Request(`${URL_OF}${query}`, { headers: { accept, authorization } }));
    return { hub, ask };
  }

  test("the limits of a viewer and of the hub hold for streams", async () => {
    const { hub, ask } = await openSigned({ connectionsPerViewer: 3, connections: 5 });
    for (let stream = 0; stream < 10; stream++) await ask("ada");
    expect(hub.stats().connections).toBe(3);
    const answers: Response[] = [];
    for (let viewer = 0; viewer < 10; viewer++) answers.push(await ask(`viewer ${viewer}`));
    expect(hub.stats().connections).toBe(5);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, ...Array.from({ length: 8 }, () => 503)]);
  });

  test("the bound of unread pages holds: no more than 32 MB of them are made at first", async () => {
    const { ask } = await openSigned();
    let made = 0;
    // Of 60 viewers, so that no limit of a viewer is met. Nobody reads a page.
    const asking = Array.from({ length: 60 }, (_, viewer) =>
      ask(`viewer ${viewer}`, "&last=18", "application/json").then(
        ({ status }) => void (made += status === 200 ? 1 : 0),
      ),
    );
    await until(() => made > 20);
    expect(made).toBeLessThanOrEqual(32);
    // Readers that take nothing for a second are given up, so all others get their turn.
    await Promise.all(asking);
  });
});
