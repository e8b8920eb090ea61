import fc from "fast-check";
import { beforeEach, expect, test, vi } from "vitest";
import { visit, type RunningChat } from "./chat.ts";
import { amount, PATIENCE } from "./faults/long-run.ts";
import { exchangeOf, send, type Exchange } from "./security/exchange.ts";
import { headerText, target } from "./security/http-text.ts";
import { openSockets } from "./open-sockets.ts";
import { startTestChat } from "./start-test-chat.ts";
import { bytesKeptPerRound } from "./used-bytes.ts";

/** Milliseconds for each property. The next run tries other inputs. */
const TIME = 3_000;
/** Sockets of the round that is repeated to measure the memory that it leaves behind. */
const ROUND = 300;
/** Bytes that each of them may leave behind: the log keeps the messages that were accepted. */
const KEPT = 1_000;
const LIMITS = { numRuns: 10_000, interruptAfterTimeLimit: TIME, markInterruptAsFailure: false };

let chat: RunningChat;
/** How many requests wait for an answer. An interrupted run does not notice a request that gets none. */
let waiting = 0;
const errors = vi.spyOn(console, "error");
beforeEach(async () => {
  errors.mockClear();
  waiting = 0;
  chat = await startTestChat();
});

/** Resolves with the status when the whole answer has come. */
async function statusOf(url: string, init: RequestInit): Promise<number> {
  waiting++;
  const response = await fetch(url, init);
  await response.arrayBuffer();
  waiting--;
  return response.status;
}

/** Expects that every request gets an answer and that the server has reported no error. */
async function expectNoFailure(): Promise<void> {
  await expect.poll(() => waiting, { timeout: 10_000 }).toBe(0);
  expect(errors).not.toHaveBeenCalled();
}

/** A value in a body: one that is almost valid, or any other. */
const value = fc.oneof(
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 2_100, size: "max" }),
  fc.constantFrom("ada", "@ada hi", "\u0000", "\ud800", "a\u0000b", "__proto__", "x".repeat(70_000)),
  fc.double(),
  fc.integer(),
  fc.jsonValue({ maxDepth: 3 }),
);
const body = fc.oneof(
  fc
    .record({ name: value, text: value, number: value, idempotencyKey: value }, { requiredKeys: [] })
    .map((json) => JSON.stringify(json)),
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc.string(),
  fc.uint8Array({ maxLength: 200 }),
);
const contentType = fc.oneof(
  { weight: 3, arbitrary: fc.constant("application/json") },
  fc.constantFrom(
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "text/plain",
    "multipart/form-data",
  ),
);
const segment = fc.oneof(
  fc.constantFrom("lobby", "none", "%zz", "%00", "..", "__proto__", "%F0%9F"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }).map(encodeURIComponent),
);
const path = fc.oneof(
  fc.constantFrom("/api/session", "/api/rooms"),
  fc
    .tuple(segment, fc.constantFrom("membership", "read", "messages", "typing", "topic"))
    .map(([room, action]) => `/api/rooms/${room}/${action}`),
  fc
    .tuple(
      segment,
      segment,
      fc.constantFrom("", `/reactions/${encodeURIComponent("👍")}`, "/reactions/x", "/reactions/%F0"),
    )
    .map(([room, message, rest]) => `/api/rooms/${room}/messages/${message}${rest}`),
  segment.map((each) => `/api/${each}`),
);
/** A header that the API does not need. */
const header = fc.tuple(fc.constantFrom("accept", "content-encoding", "origin", "authorization", "x"), headerText);
const headerValue = fc.stringMatching(/^[ -~]{0,100}$/);

test("no request to the API makes the server fail, whatever it contains", async () => {
  const ada = await visit(chat.url, "ada");
  const cookie = fc.oneof(
    { weight: 8, arbitrary: fc.constant(ada.cookie) },
    headerValue,
    headerValue.map((each) => `tidings_chat=${each}`),
  );
  const method = fc.constantFrom("POST", "PUT", "PATCH", "DELETE");
  let signedIn = ada.cookie;
  await fc.assert(
    fc.asyncProperty(method, path, body, contentType, cookie, header, async (verb, where, what, type, who, other) => {
      // A random request may sign ada out; then she signs in again.
      const sent = who === ada.cookie ? signedIn : who;
      const status = await statusOf(chat.url + where, {
        method: verb,
        body: what,
        headers: Object.fromEntries([["content-type", type], ["cookie", sent], other]),
      });
      if (verb === "DELETE" && where === "/api/session") signedIn = (await visit(chat.url, "ada")).cookie;
      expect(status).toBeLessThan(500);
    }),
    LIMITS,
  );
  await expectNoFailure();
  // Everything that was accepted can be read: the snapshots and the events of the log.
  await (await visit(chat.url, "ada")).look();
});

test("no query of the stream makes the server fail, whatever it contains", async () => {
  const ada = await visit(chat.url, "ada");
  const channel = fc.oneof(
    fc.constantFrom("rooms", "rooms/lobby", "presence", "users/ada/inbox"),
    segment,
    fc.string(),
  );
  const parameter = fc.oneof(
    fc.tuple(fc.constant("channel"), channel),
    fc.tuple(
      fc.constantFrom("after", "last", "before", "snapshot", "protocol", "from"),
      fc.oneof(fc.string(), fc.nat().map(String)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(parameter, { maxLength: 6 }), async (parameters) => {
      const query = new URLSearchParams(parameters.map(([name, each]) => [name, each.toWellFormed()])).toString();
      const headers = { cookie: ada.cookie, accept: "application/json" };
      expect(await statusOf(`${chat.url}/events?${query}`, { headers })).toBeLessThan(500);
    }),
    LIMITS,
  );
  await expectNoFailure();
});

test(
  "any bytes over a socket, at any pace, get an answer other than 5xx or a closed socket, and leave no memory behind",
  async () => {
    const ada = await visit(chat.url, "ada");
    // Half of them are valid, so that the API accepts as many as it refuses.
    const good = fc.constantFrom('{"text":"hi"}', '{"name":"tea"}', '{"number":1}');
    const content = fc.oneof(good, body).map((each) => Buffer.from(each));
    const lobby = fc.constantFrom("/api/rooms", "/api/rooms/lobby/messages", "/api/rooms/lobby/typing");
    const json = ["content-type", "application/json"] as const;
    const exchange = fc.oneof(
      // No sign-out among these: it would end the session for all that follow.
      {
        weight: 3,
        arbitrary: exchangeOf({
          target: fc.oneof(
            { weight: 2, arbitrary: lobby },
            path.filter((each) => each !== "/api/session"),
          ),
          content,
          fields: [["cookie", ada.cookie], json],
        }),
      },
      { weight: 2, arbitrary: exchangeOf({ target, fields: [["cookie", ada.cookie]] }) },
      { weight: 1, arbitrary: exchangeOf({ target: fc.constant("/api/session"), content, fields: [json] }) },
    );
    const socketsBefore = openSockets();
    const expectAllClosed = async () => {
      await expect.poll(() => chat.server.hub.stats().connections, { timeout: 10_000 }).toBe(0);
      await expect.poll(openSockets, { timeout: 10_000 }).toBeLessThanOrEqual(socketsBefore);
    };
    const attempt = async (exchanges: readonly Exchange[]) => {
      const answers = await Promise.all(exchanges.map((each) => send(chat.server.port, each)));
      expect(answers.filter((answer) => /HTTP\/1\.\d 5/.test(answer))).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(fc.array(exchange, { minLength: 10, maxLength: 40 }), attempt), {
      numRuns: amount(30, 2_500),
      endOnFailure: true,
    });
    const same = fc.sample(exchange, { numRuns: ROUND, seed: 1 });
    const bytes = await bytesKeptPerRound(async () => {
      for (let index = 0; index < ROUND; index += 40) await attempt(same.slice(index, index + 40));
      await expectAllClosed();
    });
    expect(bytes / ROUND).toBeLessThan(KEPT);
    expect(errors).not.toHaveBeenCalled();
    await (await visit(chat.url, "ada")).look();
  },
  PATIENCE,
);
