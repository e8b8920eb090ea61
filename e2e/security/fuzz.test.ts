import { once } from "node:events";
import { createServer } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub, type TraceRecord } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import { createTickets } from "@tidings/server/tickets";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { amount, PATIENCE as TEST_TIME } from "../faults/long-run.ts";
import { follow } from "../reader.ts";
import { bytesLeftBy } from "../used-bytes.ts";
import { exchangeOf, send, soon, type Exchange } from "./exchange.ts";
import { body, headers, method, raw2, target } from "./http-text.ts";

/** Runs of each fuzz, about three seconds on a quiet machine. A failure names its seed. */
const RUNS = { http1: amount(200, 20_000), http2: amount(200, 20_000), fetch: amount(1_200, 200_000) };
/** Runs of each in a round that is repeated to see what stays of it. */
const ROUND = { http1: 30, http2: 30, fetch: 200 };
/** Bytes of a request that may stay, since no two rounds are quite the same to the collector. */
const KEPT = 1_000;
/** How long a hub may take to forget those who have left, in milliseconds: ten times the bar. */
const BOUND = 10_000;

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    { message: z.object({ text: z.string() }) },
    { snapshot: z.object({ text: z.string() }) },
  ),
});
const lobby = chat.room({ roomId: "lobby" });

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  // A server that listens on a TCP port has an address of this shape.
  return (server.address() as AddressInfo).port;
}

/** One hub behind everything that is fuzzed, with what it was asked and answered. */
async function open() {
  const records: TraceRecord[] = [];
  const tickets = createTickets();
  let guests = 0;
  const hub = createHub(chat, {
    log: memoryLog({ keep: { entries: 50 } }),
    authenticate: (request) => tickets.redeem(request) ?? { id: `${++guests}` },
    authorize: ({ params }) => params.roomId !== "secret",
    snapshot: { room: () => ({ text: "" }) },
    limits: { ringEntries: 50 },
    onLog: (record) => records.push(record),
  });
  onTestFinished(() => hub.close());
  const seen = { asked: 0, answered: 0, failed: [] as string[] };
  const watched: Pick<Hub<typeof chat>, "handle"> = {
    async handle(request) {
      seen.asked++;
      const answer = await hub.handle(request);
      seen.answered++;
      if (answer.status >= 500) seen.failed.push(`${answer.status} to ${request.method} ${request.url}`);
      return answer;
    },
  };
  return { hub, watched, seen, records };
}

const exchanges1 = fc.array(exchangeOf({ target }), { minLength: 1, maxLength: 12 });
const request2 = fc.record({ verb: method, where: target, fields: headers, content: body, isCut: fc.boolean() });
const exchanges2 = fc.tuple(fc.array(request2, { maxLength: 8 }), fc.array(raw2, { maxLength: 3 }));
type Request2 = typeof request2 extends fc.Arbitrary<infer Value> ? Value : never;
/** What HTTP/2 has no place for. */
const OF_HTTP1 = new Set(["connection", "upgrade", "transfer-encoding", "te", "host", "content-length"]);

/** One request of HTTP/2, and its end, be it a reset. */
async function ask2(session: ClientHttp2Session, { verb, where, fields, content, isCut }: Request2): Promise<number> {
  let status = 0;
  try {
    // A null prototype, for the header of this name.
    const head = Object.assign(
      Object.create(null) as object,
      Object.fromEntries(fields.filter(([name]) => !OF_HTTP1.has(name))),
    );
    const stream = session.request({
      ...head,
      ":method": verb,
      ...(verb === "CONNECT" ? { ":authority": "x" } : { ":path": where }),
    });
    const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
    stream.on("error", () => {});
    const answered = new Promise<void>((resolve) => {
      stream.once("response", (head_) => {
        status = Number(head_[":status"]);
        resolve();
      });
    });
    stream.resume();
    if (isCut) stream.write(content.subarray(0, content.length / 2));
    else stream.end(content);
    await soon(Promise.race([answered, closed]));
    // What is left of it ends with its session.
    stream.close(constants.NGHTTP2_CANCEL);
  } catch (error) {
    // What this client refuses to send.
    expect(error).toHaveProperty("code", expect.stringMatching(/^ERR_/));
  }
  return status;
}

test(
  "whatever comes over HTTP/1, HTTP/2 or as a Request is answered or closed, never by 5xx, costs nothing that stays, and a reader beside it gets everything",
  async () => {
    const { hub, watched, seen, records } = await open();
    const handler = toFetchHandler(watched);
    const port1 = await portOf(createServer(toNodeHandler(watched)));
    const server2 = createHttp2Server(toNodeHandler(watched));
    // Node 20 keeps the socket of a session that broke the rules, so sessions need a time limit, here a short one.
    server2.on("session", (session: ServerHttp2Session) => {
      session.on("error", () => {}).setTimeout(1_000, () => session.destroy());
    });
    const port2 = await portOf(server2);
    const reader = follow(port1, lobby.path);
    await reader.until(() => reader.seen.isOpen);
    let published = 0;
    /** While others do what they like, the reader is told of every event at once. */
    const publish = async (): Promise<void> => {
      await hub.publish(lobby, "message", { text: `${++published} ` });
      await reader.until(() => reader.seen.numbers.at(-1) === published);
    };
    const resources = () => process.getActiveResourcesInfo().filter((each) => /TCP|HTTP/.test(each)).length;
    const handles = resources();

    const attempt = {
      http1: async (exchanges: readonly Exchange[]) => {
        await publish();
        const answers = await Promise.all(exchanges.map((exchange) => send(port1, exchange)));
        for (const answer of answers) expect(answer).not.toMatch(/HTTP\/1\.\d 5/);
        expect(seen.failed).toEqual([]);
      },
      http2: async ([requests, raws]: readonly [readonly Request2[], readonly Buffer[]]) => {
        await publish();
        const session = connectHttp2(`http://127.0.0.1:${port2}`);
        session.on("error", () => {});
        await once(session, "connect");
        const answers = [
          ...requests.map((request) => ask2(session, request)),
          ...raws.map((bytes) => send(port2, { pieces: [bytes], ending: "wait and leave" })),
        ];
        for (const answer of await Promise.all(answers))
          if (typeof answer === "number") expect(answer).toBeLessThan(500);
        session.destroy();
        expect(seen.failed).toEqual([]);
      },
      fetch: async ([{ verb, where, fields, content, isCut }, end]: readonly [
        Request2,
        "read" | "cancel" | "abort",
      ]) => {
        await publish();
        const gone = new AbortController();
        const request = requestOf(
          where,
          { method: verb, headers: fields, signal: gone.signal },
          isCut ? breaking(content) : content,
        );
        if (request === null) return;
        if (isCut && end === "abort") gone.abort();
        const response = await handler(request);
        const chunks = response.body?.getReader();
        // A page that waits has been answered by now; a stream begins with hello.
        if (end === "read") await chunks?.read();
        if (end === "abort") gone.abort();
        await chunks?.cancel();
        expect(response.status).toBeLessThan(500);
      },
    };
    const back = async () => {
      await expect.poll(() => hub.stats(), { timeout: BOUND }).toMatchObject({ connections: 1, channels: 1 });
      await expect.poll(() => seen.asked - seen.answered, { timeout: BOUND }).toBe(0);
    };
    /** Tries what may come, and then the same again and again. Next to nothing stays of a request. */
    const fuzz = async <Input>(
      of: keyof typeof RUNS,
      input: fc.Arbitrary<Input>,
      each: (given: Input) => Promise<void>,
    ) => {
      await fc.assert(fc.asyncProperty(input, each), { numRuns: RUNS[of], endOnFailure: true });
      await back();
      const same = fc.sample(input, { numRuns: ROUND[of], seed: 1 });
      let asked = 0;
      const left = await bytesLeftBy(async () => {
        asked = seen.asked;
        for (const given of same) await each(given);
        await back();
        await expect.poll(resources, { timeout: BOUND }).toBeLessThanOrEqual(handles);
        asked = seen.asked - asked;
      });
      expect(left / asked, of).toBeLessThan(KEPT);
    };

    await fuzz("http1", exchanges1, attempt.http1);
    await fuzz("http2", exchanges2, attempt.http2);
    await fuzz("fetch", fc.tuple(request2, fc.constantFrom("read", "cancel", "abort")), attempt.fetch);
    expect(reader.seen.numbers).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    expect(reader.seen.hasGap).toBe(false);
    expect(records).toEqual([]);
  },
  TEST_TIME,
);

/** Null for what no `Request` can be. */
function requestOf(where: string, init: RequestInit, content: Buffer | ReadableStream<Uint8Array>): Request | null {
  try {
    const hasBody = !["GET", "HEAD"].includes(init.method ?? "GET");
    // `duplex` is missing in the types of the DOM.
    const more = hasBody ? ({ body: content, duplex: "half" } as RequestInit) : {};
    return new Request(where.startsWith("/") ? `http://x${where}` : where, { ...init, ...more });
  } catch {
    return null;
  }
}

/** A body of which only the beginning comes. */
function breaking(content: Buffer): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(content.subarray(0, content.length / 2));
      controller.error(new Error("broken off"));
    },
  });
}
