import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startChat, visit, type RunningChat } from "./chat.ts";

/** Milliseconds for each property; what has not been tried by then is left for the next run. */
const TIME = 3_000;
const LIMITS = { numRuns: 10_000, interruptAfterTimeLimit: TIME, markInterruptAsFailure: false };

let chat: RunningChat;
const errors = vi.spyOn(console, "error");
beforeEach(async () => {
  errors.mockClear();
  chat = await startChat();
});
afterEach(() => chat.server.close());

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
  { weight: 8, arbitrary: fc.constant("application/json") },
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
    fc.asyncProperty(method, path, body, contentType, cookie, async (verb, where, what, type, who) => {
      // Whoever has signed out by chance comes back.
      const sent = who === ada.cookie ? signedIn : who;
      const response = await fetch(chat.url + where, {
        method: verb,
        body: what,
        headers: { "content-type": type, cookie: sent },
      });
      await response.arrayBuffer();
      if (verb === "DELETE" && where === "/api/session") signedIn = (await visit(chat.url, "ada")).cookie;
      expect(response.status).toBeLessThan(500);
    }),
    LIMITS,
  );
  expect(errors).not.toHaveBeenCalled();
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
      const response = await fetch(`${chat.url}/events?${query}`, { headers });
      await response.arrayBuffer();
      expect(response.status).toBeLessThan(500);
    }),
    LIMITS,
  );
  expect(errors).not.toHaveBeenCalled();
});
