import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { parseHead } from "./parse-head.ts";

const parse = (text: string) => parseHead("/events", Buffer.from(text, "latin1"));
const withLine = (line: string): string => `GET /events?channel=rooms/lobby HTTP/1.1\r\nHost: a.example\r\n${line}\r\n`;

describe("the head of a plain stream", () => {
  test("is what curl and browsers send", () => {
    const head = parse(
      "GET /events?channel=rooms/lobby@e.1&protocol=1 HTTP/1.1\r\nHost: a.example:3000\r\nUser-Agent:curl/8\r\n" +
        "Accept: text/event-stream \r\nConnection: keep-alive\r\nX-Empty:\r\nCookie: a=b; c=d\r\n\r\n",
    );
    expect(head?.url).toBe("/events?channel=rooms/lobby@e.1&protocol=1");
    expect(Object.fromEntries(head?.headers ?? [])).toEqual({
      host: "a.example:3000",
      "user-agent": "curl/8",
      accept: "text/event-stream",
      connection: "keep-alive",
      "x-empty": "",
      cookie: "a=b; c=d",
    });
  });

  test("may have no query", () => {
    expect(parse("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")?.url).toBe("/events");
  });
});

describe("what is left to node:http", () => {
  test.each([
    ["another method", "POST /events HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["another path", "GET /event HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a longer path", "GET /eventsource HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a path below", "GET /events/x HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an absolute URL", "GET http://a/events HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a fragment", "GET /events?a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["bytes beyond ASCII in the query", "GET /events?\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a space in the query", "GET /events?a b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["HTTP/1.0", "GET /events HTTP/1.0\r\nHost: a\r\n\r\n"],
    ["HTTP/0.9", "GET /events\r\n\r\n"],
    ["half a head", "GET /events HTTP/1.1\r\nHost: a\r\n"],
    ["a pipelined request", "GET /events HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"],
    ["an empty line before it", "\r\nGET /events HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["lines that end with a bare line feed", "GET /events HTTP/1.1\nHost: a\n\n"],
    ["one bare line feed", withLine("X: a\nY: b\r\n")],
    ["a bare carriage return", withLine("X: a\rY: b\r\n")],
    ["a zero byte", withLine("X: a\0b\r\n")],
    ["a folded line", withLine("X: a\r\n b\r\n")],
    ["a space before the colon", withLine("X : a\r\n")],
    ["a line without a colon", withLine("X\r\n")],
    ["a name that is no token", withLine("X(Y): a\r\n")],
    ["an empty name", withLine(": a\r\n")],
    ["a value beyond ASCII", withLine("X: \xe9\r\n")],
    ["no host", "GET /events HTTP/1.1\r\nX: a\r\n\r\n"],
    ["an empty host", "GET /events HTTP/1.1\r\nHost:\r\n\r\n"],
    ["two hosts", withLine("host: b\r\n")],
    ["any header twice", withLine("X: a\r\nx: a\r\n")],
    ["a body", withLine("Content-Length: 0\r\n")],
    ["a body in chunks", withLine("Transfer-Encoding: chunked\r\n")],
    ["an upgrade", withLine("Connection: Upgrade\r\nUpgrade: websocket\r\n")],
    ["another protocol without a connection header", withLine("Upgrade: h2c\r\n")],
    ["an expectation", withLine("Expect: 100-continue\r\n")],
    ["a connection header that names headers", withLine("Connection: close, x\r\n")],
    ["too many headers", withLine(Array.from({ length: 64 }, (_, index) => `X-${index}: a\r\n`).join(""))],
    ["a long head", withLine(`X: ${"a".repeat(8_200)}\r\n`)],
  ])("%s", (_name, text) => {
    expect(parse(text)).toBeNull();
  });
});

/** A connection to a server of node:http without a socket. */
class Pipe extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

/** The request that node:http makes of bytes; null if it makes none, or an error. */
function requestOfNode(text: string): Promise<IncomingMessage | null> {
  return new Promise((resolve) => {
    const server = createServer((request) => resolve(request));
    server.on("clientError", () => resolve(null));
    const pipe = new Pipe();
    server.emit("connection", pipe);
    pipe.push(Buffer.from(text, "latin1"));
    setImmediate(() => setImmediate(() => resolve(null)));
  });
}

/** Numbers from 0 up to but not including `end`, by a seed. */
function draws(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

const PLAIN =
  "GET /events?channel=rooms/lobby HTTP/1.1\r\nHost: a.example\r\nAccept: text/event-stream\r\n" +
  "Connection: close\r\nX-Id: 7\r\n\r\n";
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  "\0",
  "\x7f",
  "\xff",
  "GET ",
  "Host: b",
  "?",
  "#",
  "/",
  "a",
  "%0a",
  ",",
];

/** The plain head with one to three changes. */
function changed(draw: (end: number) => number): string {
  let text = PLAIN;
  for (let count = draw(3); count >= 0; count--) {
    const at = draw(text.length + 1);
    const removed = draw(4);
    text = text.slice(0, at) + (PIECES[draw(PIECES.length + 1)] ?? "") + text.slice(at + removed);
  }
  return text;
}

test("whatever is accepted means the same to node:http", async () => {
  const draw = draws(1);
  let accepted = 0;
  for (let run = 0; run < 6_000; run++) {
    const text = changed(draw);
    const head = parse(text);
    if (head === null) continue;
    accepted++;
    const request = await requestOfNode(text);
    expect(request, JSON.stringify(text)).not.toBeNull();
    expect([request?.method, request?.url, request?.httpVersion]).toEqual(["GET", head.url, "1.1"]);
    expect({ ...request?.headers }, JSON.stringify(text)).toEqual(Object.fromEntries(head.headers));
  }
  expect(accepted).toBeGreaterThan(300);
});
