import fc from "fast-check";

/** Texts for queries, headers and bodies that are valid, almost valid, or neither. */
const WORDS = [
  "rooms/lobby",
  "rooms/lobby@now",
  "rooms/lobby@e.1",
  "rooms/%2e%2e",
  "__proto__",
  "constructor",
  "$hub",
  "now",
  "0",
  "1",
  "-1",
  "1e9",
  "99999",
  "e.1",
  "e.9007199254740991",
  "%",
  "%00",
  "%ff%fe",
  "a".repeat(300),
  "",
];
const word = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: "binary", maxLength: 20 }).map(encode));
const PARAMS = ["after", "last", "before", "wait", "snapshot", "protocol", "ticket", "x"];
const param = fc.tuple(fc.oneof(fc.constant("channel"), fc.constantFrom(...PARAMS)), word);
/** Some parameters, and sometimes one of them twice with different values. */
const params = fc
  .tuple(fc.array(param, { maxLength: 6 }), sometimes(word))
  .map(([each, again]) => (again === null ? each : [...each, [each.at(-1)?.[0] ?? "channel", again] as const]));
const HEADERS = [
  "accept",
  "accept",
  "last-event-id",
  "origin",
  "host",
  "cookie",
  "authorization",
  "sec-fetch-site",
  "content-type",
  "content-encoding",
  "content-length",
  "transfer-encoding",
  "expect",
  "connection",
  "upgrade",
  "te",
  "__proto__",
  "x",
];
const VALUES = [
  "application/json",
  "text/event-stream",
  "application/json;q=1, */*;q=0.1",
  "text/html",
  ",;q=;,/".repeat(200),
  "cross-site",
  "same-origin",
  "null",
  "https://evil.example",
  "application/json; charset=utf-16",
  "gzip",
  "chunked",
  "100-continue",
  "close",
  "websocket",
  "0",
  "3",
  "70000",
  "e.1",
  "x".repeat(9_000),
  "x".repeat(20_000),
];
export const headerText = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.stringMatching(/^[!-~]{1,30}$/),
  // Bytes without a meaning, which are sometimes no valid UTF-8.
  fc.stringMatching(/^[!-~\u0080-\u00ff]{1,10}$/),
);

export const target = fc.oneof(
  {
    weight: 8,
    arbitrary: params.map((each) => `/events?${each.map((pair) => pair.join("=")).join("&")}`),
  },
  fc.constantFrom("*", "/", "//", "/..%2f", "http://a/events?channel=rooms/lobby", `/events?x=${"x".repeat(9_000)}`),
  fc.stringMatching(/^\/[!-~]{0,40}$/),
);
export const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("GET", "GET", "POST", "POST", "HEAD", "OPTIONS") },
  fc.constantFrom("PUT", "DELETE", "TRACE", "CONNECT", "PRI", "get", "X", "QUERY"),
);
/** A name may occur twice. */
export const headers = fc.array(fc.tuple(fc.constantFrom(...HEADERS), headerText), { maxLength: 5 });
export const body = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc
    .constantFrom(
      "{}",
      '{"channels":{"rooms/lobby":null}}',
      '{"channels":{"__proto__":null}}',
      '{"channels":{"a":1}}',
      "[".repeat(60_000),
      "x".repeat(70_000),
    )
    .map((text) => Buffer.from(text)),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify({ channels: value, after: value }))),
  fc
    .constantFrom<BufferEncoding>("utf16le", "latin1")
    .map((encoding) => Buffer.from('{"channels":{"é":null}}', encoding)),
  fc.constant(Buffer.from('\uFEFF{"channels":{"rooms/lobby":null}}')),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** A value in one of eight cases, otherwise null. */
export function sometimes<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

const frame2 = fc
  .tuple(fc.nat(10), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 60 }), sometimes(fc.nat(0xffffff)))
  .map(([type, flags, stream, payload, lie]) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(lie ?? payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  });
/** Frames of HTTP/2, of which few are valid. */
export const raw2 = fc
  .tuple(fc.constantFrom("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""), fc.array(frame2, { maxLength: 6 }))
  .map(([preface, frames]) => Buffer.concat([Buffer.from(preface), ...frames]));
