import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ServerHttp2Session,
} from "node:http2";
import { contractWithSnapshot } from "../../packages/contract/test/test-contract.ts";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub, type TraceRecord } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import { createTickets } from "@tidings/server/tickets";
import fc from "fast-check";
import { expect, onTestFailed, onTestFinished, test } from "vitest";
import { amount, PATIENCE as TEST_TIME } from "../faults/long-run.ts";
import { listen } from "../listen.ts";
import { readNumbers } from "../number-reader.ts";
import { openSockets } from "../open-sockets.ts";
import { serveHub, type Serve } from "../serve-hub.ts";
import { bytesKeptPerRound } from "../used-bytes.ts";
import { exchangeOf, orSoon, send, type Exchange } from "./exchange.ts";
import { body, headers, method, raw2, target } from "./http-text.ts";

/** Runs of each fuzz test. Whatever fails, the seed of its inputs is printed, and fast-check names the input. */
const RUNS = {
  http1: amount(200, 20_000),
  bare: amount(200, 20_000),
  http2: amount(200, 20_000),
  fetch: amount(1_200, 200_000),
};
/** Runs of each in the round that is repeated to measure the memory that it leaves behind. */
const ROUND = { http1: 30, bare: 30, http2: 30, fetch: 200 };
/** Bytes that a request may leave behind, since the garbage collector treats no two rounds quite the same. */
const KEPT = 1_000;
/** How long a hub may take to notice that clients have left, in milliseconds: ten times the bar. */
const BOUND = 10_000;

const lobby = contractWithSnapshot.room({ roomId: "lobby" });

/** A hub behind everything that is fuzzed, which records requests and answers. */
function createRecordingHub() {
  const records: TraceRecord[] = [];
  const tickets = createTickets();
  let guests = 0;
  const hub = createHub(contractWithSnapshot, {
    log: memoryLog({ keep: { entries: 50 } }),
    authenticate: (request) => tickets.redeem(request) ?? { id: `${++guests}` },
    authorize: ({ params }) => params.roomId !== "secret",
    snapshot: { room: () => ({ text: "" }) },
    limits: { ringEntries: 50 },
    onLog: (record) => records.push(record),
  });
  const seen = { requests: 0, unanswered: new Set<string>(), failures: [] as string[] };
  const recorded: Pick<Hub<typeof contractWithSnapshot>, "handle"> = {
    async handle(request) {
      const name = `${++seen.requests}: ${request.method} ${request.url}`;
      seen.unanswered.add(name);
      const answer = await hub.handle(request);
      seen.unanswered.delete(name);
      if (answer.status >= 500) seen.failures.push(`${answer.status} to ${name}`);
      return answer;
    },
  };
  return { hub, recorded: { ...recorded, close: () => hub.close() }, seen, records };
}

const exchanges1 = fc.array(exchangeOf({ target }), { minLength: 1, maxLength: 12 });
const request2 = fc.record({ verb: method, where: target, fields: headers, content: body, isCut: fc.boolean() });
const exchanges2 = fc.tuple(fc.array(request2, { maxLength: 8 }), fc.array(raw2, { maxLength: 3 }));
type Request2 = typeof request2 extends fc.Arbitrary<infer Value> ? Value : never;
/** Headers that HTTP/2 does not have. */
const OF_HTTP1 = new Set(["connection", "upgrade", "transfer-encoding", "te", "host", "content-length"]);

/** Sends a request over HTTP/2. Returns the status, or 0 when the stream ends without an answer. */
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
    await orSoon(Promise.race([answered, closed]));
    stream.close(constants.NGHTTP2_CANCEL);
  } catch (error) {
    // The client of Node refuses to send some of these requests.
    expect(error).toHaveProperty("code", expect.stringMatching(/^ERR_/));
  }
  return status;
}

test(
  "any bytes over HTTP/1 or HTTP/2 and any Request get an answer other than 5xx or an end, and leave no memory",
  async () => {
    const { hub, recorded, seen, records } = createRecordingHub();
    const handler = toFetchHandler(recorded);
    const port1 = await serveHub(recorded);
    const portOfBare = await serveHub(recorded, serveBare);
    const server2 = createHttp2Server(toNodeHandler(recorded));
    // Node 20 does not close the socket of a session that broke the protocol, so sessions need a short time limit.
    server2.on("session", (session: ServerHttp2Session) => {
      session.on("error", () => {}).setTimeout(1_000, () => session.destroy());
    });
    const { port: port2, close: close2 } = await listen(server2);
    onTestFinished(() => void close2());
    // While the requests run, this reader must get every event.
    const reader = readNumbers(port1, lobby.path);
    await reader.until(() => reader.seen.isOpen);
    let published = 0;
    const publish = async (): Promise<void> => {
      await hub.publish(lobby, "message", { text: `${++published} ` });
      await reader.until(() => reader.seen.numbers.at(-1) === published);
    };
    const socketsBefore = openSockets();

    const sendTo = (port: number) => async (exchanges: readonly Exchange[]) => {
      await publish();
      const answers = await Promise.all(exchanges.map((exchange) => send(port, exchange)));
      for (const answer of answers) expect(answer).not.toMatch(/HTTP\/1\.\d 5/);
      expect(seen.failures).toEqual([]);
    };
    const attempt = {
      http1: sendTo(port1),
      bare: sendTo(portOfBare),
      http2: async ([requests, raws]: readonly [readonly Request2[], readonly Buffer[]]) => {
        await publish();
        const session = connectHttp2(`http://127.0.0.1:${port2}`);
        session.on("error", () => {});
        await once(session, "connect");
        const answers = [
          ...requests.map((request) => ask2(session, request)),
          ...raws.map((bytes) => send(port2, { pieces: [bytes], ending: "wait and leave" })),
        ];
        for (const answer of await Promise.all(answers)) {
          if (typeof answer === "number") expect(answer).toBeLessThan(500);
        }
        session.destroy();
        expect(seen.failures).toEqual([]);
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
        // Does not block: a page has a body by now, and a stream begins with its hello.
        if (end === "read") await chunks?.read();
        if (end === "abort") gone.abort();
        await chunks?.cancel();
        expect(response.status).toBeLessThan(500);
      },
    };
    const expectAllGone = async () => {
      await expect.poll(() => hub.stats(), { timeout: BOUND }).toMatchObject({ connections: 1, channels: 1 });
      await expect.poll(() => [...seen.unanswered], { timeout: BOUND }).toEqual([]);
    };
    /** Tries random inputs, then repeats the same ones, and expects that a request leaves almost no memory behind. */
    const fuzz = async <Input>(
      of: keyof typeof RUNS,
      input: fc.Arbitrary<Input>,
      each: (given: Input) => Promise<void>,
    ) => {
      const seed = randomInt(2 ** 31);
      // fast-check does not name it when something is left behind after the last input.
      onTestFailed(() => console.error(`The inputs of ${of} were those of the seed ${seed}.`));
      await fc.assert(fc.asyncProperty(input, each), { seed, numRuns: RUNS[of], endOnFailure: true });
      await expectAllGone();
      const same = fc.sample(input, { numRuns: ROUND[of], seed: 1 });
      let requests = 0;
      const bytes = await bytesKeptPerRound(async () => {
        const before = seen.requests;
        for (const given of same) await each(given);
        await expectAllGone();
        await expect.poll(openSockets, { timeout: BOUND }).toBeLessThanOrEqual(socketsBefore);
        requests = seen.requests - before;
      });
      expect(bytes / requests, of).toBeLessThan(KEPT);
    };

    await fuzz("http1", exchanges1, attempt.http1);
    await fuzz("bare", exchanges1, attempt.bare);
    await fuzz("http2", exchanges2, attempt.http2);
    await fuzz("fetch", fc.tuple(request2, fc.constantFrom("read", "cancel", "abort")), attempt.fetch);
    expect(reader.seen.numbers).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    expect(reader.seen.hasGap).toBe(false);
    // Refusals of channels that do not exist are reported now and then, and nothing else is.
    expect(records.filter(({ event }) => event !== "refuse")).toEqual([]);
  },
  TEST_TIME,
);

/** Plain streams do not reach node:http. */
const serveBare: Serve = (hub) => {
  const server = createServer(toNodeHandler(hub));
  takeStreams(server, { hub, path: "/events" });
  return listen(server);
};

/** Null where the constructor of `Request` throws. */
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

/** A body that breaks off after its first half. */
function breaking(content: Buffer): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(content.subarray(0, content.length / 2));
      controller.error(new Error("broken off"));
    },
  });
}
