// What may come over a socket instead of an answer: wrong lengths, broken encodings, heads that never end.
import { setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";

/** What a liar knows about a request. */
interface HeardRequest {
  readonly url: string;
  readonly isStream: boolean;
}

/** What a liar does with a connection. */
export type SocketLie = (socket: Socket, request: HeardRequest) => void | Promise<void>;

const STREAM = "Content-Type: text/event-stream";
const PAGE = "Content-Type: application/json";
const HELLO = 'retry: 500\nevent: hello\ndata: {"protocol":1,"heartbeat":15000}\nid: e.1\n\n';
const EMPTY = '{"events":[],"cursor":"e.1","more":false}';

/** Whatever was asked for. */
const bodyFor = ({ isStream }: HeardRequest): readonly [type: string, body: string] =>
  isStream ? [STREAM, HELLO] : [PAGE, EMPTY];

const head = (status: string, ...headers: readonly string[]): string =>
  `HTTP/1.1 ${status}\r\n${headers.map((each) => `${each}\r\n`).join("")}\r\n`;

/** An answer of the right type, with other headers and another body. */
const answer =
  (
    headers: (body: string) => readonly string[],
    change: (body: string) => string | Buffer = (body) => body,
  ): SocketLie =>
  (socket, request) => {
    const [type, body] = bodyFor(request);
    socket.write(head("200 OK", type, ...headers(body)));
    socket.end(change(body));
  };

const say =
  (text: string): SocketLie =>
  (socket) =>
    void socket.end(text);

const gzip = "Content-Encoding: gzip";
const chunked = "Transfer-Encoding: chunked";
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const BOMB = gzipSync(Buffer.alloc(64 << 20, " "));

/** By name. */
export const SOCKET_LIES: Readonly<Record<string, SocketLie>> = {
  "a length that is too short": answer((body) => [`Content-Length: ${body.length - 20}`]),
  "a length that is too long, and the end": answer((body) => [`Content-Length: ${body.length + 20}`]),
  "a length that is too long, and silence": (socket, request) => {
    const [type, body] = bodyFor(request);
    socket.write(head("200 OK", type, `Content-Length: ${body.length + 20}`) + body);
  },
  "a length that is no number": answer(() => ["Content-Length: many"]),
  "a length below nothing": answer(() => ["Content-Length: -1"]),
  "two lengths": answer((body) => [`Content-Length: ${body.length}`, "Content-Length: 5"]),
  "a length and chunks": answer(
    () => ["Content-Length: 5", chunked],
    (body) => chunk(body) + "0\r\n\r\n",
  ),
  "no length at all": answer(() => ["Content-Length: 0"]),
  "a bomb of spaces": answer(
    () => [gzip],
    () => BOMB,
  ),
  "a zip that is none": answer(() => [gzip]),
  "a zip that breaks off": answer(
    () => [gzip],
    (body) => gzipSync(body).subarray(0, 20),
  ),
  "an encoding that nobody knows": answer(() => ["Content-Encoding: rot13"]),
  "two encodings": answer(
    () => ["Content-Encoding: gzip, gzip"],
    (body) => gzipSync(body),
  ),
  "100 again and again, and nothing": async (socket) => {
    for (let count = 0; count < 50 && !socket.destroyed; count++) {
      socket.write(head("100 Continue"));
      await sleep(20);
    }
    socket.destroy();
  },
  "103 and silence": (socket) => void socket.write(head("103 Early Hints", "Link: </x>; rel=preload")),
  "101, another protocol": (socket) =>
    void socket.end(head("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")),
  "a redirect to itself": (socket, request) =>
    void socket.end(head("302 Found", `Location: ${request.url}`, "Content-Length: 0")),
  "a redirect to nowhere": say(head("301 Moved", "Location: http://127.0.0.1:1/", "Content-Length: 0")),
  "a redirect without a place": say(head("302 Found", "Content-Length: 0")),
  "a redirect to another scheme": say(head("302 Found", "Location: ftp://127.0.0.1/", "Content-Length: 0")),
  "205 with a body": (socket, request) => void socket.end(head("205 Reset", bodyFor(request)[0]) + bodyFor(request)[1]),
  "304 that nobody has asked for": say(head("304 Not Modified")),
  "206, a part": (socket, request) => {
    const [type, body] = bodyFor(request);
    socket.end(head("206 Partial Content", type, `Content-Range: bytes 0-9/${body.length}`) + body.slice(0, 10));
  },
  "a status of four digits": say("HTTP/1.1 2000 OK\r\n\r\n"),
  "a status of nothing": say("HTTP/1.1 000 \r\n\r\n"),
  "a status of 999": say(head("999 What", "Content-Length: 0")),
  "HTTP of another version": say("HTTP/9.9 200 OK\r\n\r\n"),
  "HTTP 0.9": say(HELLO),
  "chunks of garbage": answer(
    () => [chunked],
    () => "zz\r\nnothing\r\n",
  ),
  "a chunk that is shorter than it says": answer(
    () => [chunked],
    (body) => `fff\r\n${body}`,
  ),
  "a chunk of 2^60 bytes": answer(
    () => [chunked],
    (body) => `1000000000000000\r\n${body}`,
  ),
  "a chunk below nothing": answer(
    () => [chunked],
    (body) => `-5\r\n${body}\r\n0\r\n\r\n`,
  ),
  "chunks without an end": answer(() => [chunked], chunk),
  "trailers that change the type": answer(
    () => [chunked, "Trailer: Content-Type"],
    (body) => `${chunk(body)}0\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n`,
  ),
  "trailers that never end": (socket, request) => {
    const [type, body] = bodyFor(request);
    socket.write(`${head("200 OK", type, chunked)}${chunk(body)}0\r\nX-A: `);
  },
  "a second answer in the same breath": (socket, request) => {
    const [type, body] = bodyFor(request);
    const both = head("200 OK", type, `Content-Length: ${body.length}`) + body;
    socket.write(both + both);
  },
  "an end of its half": (socket) => void socket.end(),
  "a reset": (socket) => void socket.resetAndDestroy(),
  "a reset in the body": (socket, request) => {
    const [type, body] = bodyFor(request);
    socket.write(head("200 OK", type) + body.slice(0, 30), () => socket.resetAndDestroy());
  },
  "a head that comes letter by letter": async (socket, request) => {
    for (const letter of head("200 OK", bodyFor(request)[0])) {
      if (socket.destroyed) return;
      socket.write(letter);
      await sleep(200);
    }
  },
  "a head without an end": async (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    for (let count = 0; count < 2_000 && !socket.destroyed; count++) {
      socket.write(`X-${count}: ${"x".repeat(500)}\r\n`);
      await sleep(1);
    }
  },
  "a head with bytes that are no text": answer(() => ["X-A: \u0000\u0001"]),
  "a head of spaces": answer(() => [" : "]),
  "types that contradict": answer(() => ["Content-Type: text/html"]),
  TLS: (socket) => void socket.end(Buffer.from("15030100020246", "hex")),
};
