import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseCursor } from "./cursor.ts";
import { formatRequest, parseRequest, type EventRequest, type ParsedRequest } from "./request.ts";

const cursors: fc.Arbitrary<string> = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.maxSafeNat())
  .map(([epoch, seq]) => `${epoch}.${seq}`);
const paths = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.constantFrom("__proto__", "constructor", "a/b", "@now", "100%"),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((segments) => segments.map(encodeURIComponent).join("/"));
const channels = fc
  .array(fc.tuple(paths, fc.oneof(cursors, fc.constant("now" as const), fc.constant(null))), {
    minLength: 1,
    maxLength: 5,
  })
  .map((entries) => new Map(entries));
const requests: fc.Arbitrary<EventRequest> = fc.record(
  {
    channels,
    after: cursors,
    last: fc.integer({ min: 1, max: 1_000 }),
    before: cursors,
    wait: fc.integer({ min: 0, max: 60 }),
    snapshot: fc.boolean(),
  },
  { requiredKeys: ["channels"] },
);

/** No log has the epoch "". */
const nowhere = { epoch: "", seq: 0 };

function read(query: string, lastEventId: string | null = null, body: unknown = null): ParsedRequest {
  const parsed = parseRequest(new URLSearchParams(query), lastEventId, body);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

function refusal(query: string, body: unknown = null): string {
  const parsed = parseRequest(new URLSearchParams(query), null, body);
  if (typeof parsed !== "string") throw new Error(`Expected a refusal, got ${JSON.stringify(parsed)}.`);
  return parsed;
}

/** What a server has to read from a request. */
const expectedOf = (request: EventRequest): ParsedRequest => ({
  channels: new Map(
    Array.from(request.channels, ([path, start]) => [path, start === "now" ? start : parseCursor(start ?? "")]),
  ),
  after: parseCursor(request.after ?? ""),
  last: request.last ?? 0,
  before: parseCursor(request.before ?? ""),
  wait: request.wait ?? 0,
  snapshot: request.snapshot ?? false,
});

test("a server reads from a query what the client has written into it", () => {
  fc.assert(
    fc.property(requests, (request) => {
      expect(read(formatRequest(request, Infinity).query)).toEqual(expectedOf(request));
    }),
  );
});

test("a server reads the same from a body", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const { query, body = "" } = formatRequest(request, 0);
      expect(read(query, null, JSON.parse(body))).toEqual(expectedOf(request));
    }),
  );
});

test("a body replaces the channels and the position of the query", () => {
  const parsed = read("channel=a&after=e.1&last=3", null, { channels: { b: null } });
  expect(parsed.channels).toEqual(new Map([["b", null]]));
  expect(parsed.after).toBeNull();
  expect(parsed.last).toBe(3);
});

test("a channel starts with the connection, now, or after a cursor", () => {
  expect(read("channel=a&channel=b@now&channel=c@e.7&channel=d%2540x@now").channels).toEqual(
    new Map<string, unknown>([
      ["a", null],
      ["b", "now"],
      ["c", { epoch: "e", seq: 7 }],
      ["d%40x", "now"],
    ]),
  );
});

test("an empty position is the same as none", () => {
  expect(read("channel=a&after=&before=")).toMatchObject({ after: null, before: null });
  expect(read("", null, { channels: { a: null }, after: "" }).after).toBeNull();
});

test.each(["x", "now", "e.01", "e.1.2", "e.1@now", "e.9007199254740992", "\0", "e.".repeat(50_000)])(
  "a position that is not a cursor becomes one that no log has: %#",
  (text) => {
    const start = encodeURIComponent(text);
    expect(read(`channel=a&after=${start}`).after).toEqual(nowhere);
    expect(read(`channel=a&before=${start}`).before).toEqual(nowhere);
    expect(read("", null, { channels: { a: null }, after: text }).after).toEqual(nowhere);
  },
);

test("a Last-Event-ID or a start that is not a cursor becomes a position that no log has", () => {
  for (const text of ["x", "e.01", "e.1.2", "e.1@now", "\0", "e.".repeat(50_000)]) {
    expect(read("channel=a", text).after).toEqual(nowhere);
    expect(read(`channel=a@${encodeURIComponent(text)}`).channels.get("a")).toEqual(nowhere);
    expect(read("", null, { channels: { a: text } }).channels.get("a")).toEqual(nowhere);
  }
});

test("with Last-Event-ID the client reconnects, so the starts in its address no longer count", () => {
  const parsed = read("channel=a@now&channel=b@e.3&channel=c&after=e.1&last=10", "e.9");
  expect(parsed.after).toEqual({ epoch: "e", seq: 9 });
  expect(parsed.last).toBe(0);
  expect([...parsed.channels]).toEqual([
    ["a", null],
    ["b", null],
    ["c", null],
  ]);
});

test("an empty Last-Event-ID counts as none", () => {
  expect(read("channel=a@now&after=e.1", "")).toEqual(read("channel=a@now&after=e.1"));
});

test("numbers are refused outside their range and in other spellings", () => {
  for (const text of ["0", "1001", "-1", "1.5", "1e2", "0x1", "", " 1", "١", "9".repeat(100_000)]) {
    expect(refusal(`channel=a&last=${encodeURIComponent(text)}`)).toContain('"last"');
  }
  for (const text of ["61", "-1", "0.5", "", "Infinity"]) {
    expect(refusal(`channel=a&wait=${encodeURIComponent(text)}`)).toContain('"wait"');
  }
});

test("a request names at least one channel, and each channel once", () => {
  expect(refusal("")).toContain("at least one channel");
  expect(refusal("", { channels: {} })).toContain("at least one channel");
  expect(refusal("channel=a&channel=a@now")).toContain('"a" twice');
  expect(refusal(`channel=${"a".repeat(100_000)}&channel=${"a".repeat(100_000)}`).length).toBeLessThan(400);
});

test.each([
  ["a text", "channels"],
  ["a number", 1],
  ["a list", [{ channels: { a: null } }]],
  ["an empty object", {}],
  ["channels that are a list", { channels: ["a"] }],
  ["channels that are a text", { channels: "a" }],
  ["channels that are null", { channels: null }],
  ["a start that is a number", { channels: { a: 1 } }],
  ["a start that is a list", { channels: { a: ["now"] } }],
  ["a start that is an object", { channels: { a: {} } }],
  ["a position that is a number", { channels: { a: null }, after: 1 }],
  ["a position that is an object", { channels: { a: null }, after: { epoch: "e", seq: 1 } }],
  ["channels by prototype", JSON.parse('{ "__proto__": { "channels": { "a": null } } }')],
])("a body with this fault is refused: %s", (_, body: unknown) => {
  expect(refusal("", body)).toMatch(/^Expected /);
});

test("a path may be the name of a member that every object inherits", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"];
  const body: unknown = JSON.parse(`{ "channels": { ${names.map((name) => `"${name}": "now"`).join(", ")} } }`);
  const starts = read("", null, body).channels;
  expect([...starts.keys()].toSorted()).toEqual(names.toSorted());
  expect(starts.get("__proto__")).toBe("now");
  expect(read(names.map((name) => `channel=${name}`).join("&")).channels.size).toBe(names.length);
  expect(({} as Record<string, unknown>)["channels"]).toBeUndefined();
});

test("any body is read or refused, and none makes parseRequest throw", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string(), (value, text) => {
      for (const body of [
        value,
        { channels: value },
        { channels: { [text]: value } },
        { channels: { a: null }, after: value },
      ]) {
        const parsed = parseRequest(new URLSearchParams(text), text, body);
        expect(typeof parsed === "string" ? parsed.length : parsed.channels.size).toBeGreaterThan(0);
      }
    }),
  );
});

test("a body with 100 kB of channels is read in full; the server limits their number", () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `rooms/${index}`);
  const body = { channels: Object.fromEntries(names.map((name) => [name, null])) };
  expect(read("", null, body).channels.size).toBe(10_000);
});
