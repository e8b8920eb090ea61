import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startChat, visit, type RunningChat } from "./chat.ts";
import { amount, PATIENCE } from "./faults/long-run.ts";
import { exchangeOf, send, type Exchange } from "./security/exchange.ts";
import { headerText, target } from "./security/http-text.ts";
import { bytesLeftBy } from "./used-bytes.ts";

/** Milliseconds for each property; what has not been tried by then is left for the next run. */
const TIME = 3_000;
/** Sockets of a round that is repeated to see what stays of it. */
const ROUND = 300;
/** Bytes of each of them that may stay: what was let in is kept at hand for readers. */
const KEPT = 1_000;
const LIMITS = { numRuns: 10_000, interruptAfterTimeLimit: TIME, markInterruptAsFailure: false };

let chat: RunningChat;
/** How many requests wait for an answer: a run that is interrupted would hide those that get none. */
let waiting = 0;
const errors = vi.spyOn(console, "error");
beforeEach(async () => {
  errors.mockClear();
  waiting = 0;
  chat = await startChat();
});
afterEach(() => chat.server.close());

/** The status of an answer, once all of it has come. */
async function statusOf(url: string, init: RequestInit): Promise<number> {
  waiting++;
  const response = await fetch(url, init);
  await response.arrayBuffer();
  waiting--;
  return response.status;
}

/** Every request has an answer, and none of them was a failure. */
async function expectPeace(): Promise<void> {
  await expect.poll(() => waiting, { timeout: 10_000 }).toBe(0);
  expect(errors).not.toHaveBeenCalled();
}

/** What a body may have in it: what is nearly right, and anything else. */
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
  segment.map((each) => `/api/${each}`),
);
/** What nobody has asked the API to look at. */
const header = fc.tuple(fc.constantFrom("accept", "content-encoding", "origin", "authorization", "x"), headerText);
const headerValue = fc.stringMatching(/^[ -~]{0,100}$/);

test("no request to the API, whatever is in it, makes the server fail", async () => {
  const ada = await visit(chat.url, "ada");
  const cookie = fc.oneof(
    { weight: 8, arbitrary: fc.constant(ada.cookie) },
    headerValue,
    headerValue.map((each) => `tidings_chat=${each}`),
  );
  const method = fc.constantFrom("POST", "PUT", "DELETE");
  let signedIn = ada.cookie;
  await fc.assert(
    fc.asyncProperty(method, path, body, contentType, cookie, header, async (verb, where, what, type, who, other) => {
      // Whoever has signed out by chance comes back.
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
  await expectPeace();
  // What was let in can be read: every snapshot, every event of the log.
  await (await visit(chat.url, "ada")).look();
});

test("no query of the stream, whatever is in it, makes the server fail", async () => {
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
  await expectPeace();
});

test(
  "whatever bytes come over a socket, at whatever pace, are answered or the socket is closed, never by 5xx, and nothing of them stays",
  async () => {
    const ada = await visit(chat.url, "ada");
    // Half of them are what the API asks for, so that as much is let in as is refused.
    const good = fc.constantFrom('{"text":"hi"}', '{"name":"tea"}', '{"number":1}');
    const content = fc.oneof(good, body).map((each) => Buffer.from(each));
    const lobby = fc.constantFrom("/api/rooms", "/api/rooms/lobby/messages", "/api/rooms/lobby/typing");
    const json = ["content-type", "application/json"] as const;
    const exchange = fc.oneof(
      // Who has signed out by chance would try nothing else.
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
    const resources = () => process.getActiveResourcesInfo().filter((each) => /TCP|HTTP/.test(each)).length;
    const settled = async (handles: number) => {
      await expect.poll(() => chat.server.hub.stats().connections, { timeout: 10_000 }).toBe(0);
      await expect.poll(resources, { timeout: 10_000 }).toBeLessThanOrEqual(handles);
    };
    const attempt = async (exchanges: readonly Exchange[]) => {
      const answers = await Promise.all(exchanges.map((each) => send(chat.server.port, each)));
      expect(answers.filter((answer) => /HTTP\/1\.\d 5/.test(answer))).toEqual([]);
    };
    const handles = resources();
    await fc.assert(fc.asyncProperty(fc.array(exchange, { minLength: 10, maxLength: 40 }), attempt), {
      numRuns: amount(30, 2_500),
      endOnFailure: true,
    });
    const same = fc.sample(exchange, { numRuns: ROUND, seed: 1 });
    const left = await bytesLeftBy(async () => {
      for (let at = 0; at < ROUND; at += 40) await attempt(same.slice(at, at + 40));
      await settled(handles);
    });
    expect(left / ROUND).toBeLessThan(KEPT);
    expect(errors).not.toHaveBeenCalled();
    await (await visit(chat.url, "ada")).look();
  },
  PATIENCE,
);
