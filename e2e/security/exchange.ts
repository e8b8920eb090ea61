import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { body, headers, method, sometimes } from "./http-text.ts";

/** How long the server may keep a socket open after its client has ended it, in milliseconds: ten times the bar. */
const BOUND = 10_000;
/** How long an exchange waits for an answer, in milliseconds. A server need not answer incomplete requests. */
const PATIENCE = 30;

/** What one client sends, and how it ends: at once, or after the first bytes of an answer, by an end or by leaving. */
export interface Exchange {
  /** Sent in separate turns of the event loop. */
  readonly pieces: readonly Buffer[];
  readonly ending: "leave" | "wait and end" | "wait and leave";
}

/** Resolves when something happens, or after a short time. */
export async function orSoon(happens: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([happens, new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE)))]);
  clearTimeout(timer);
}

/** Sends bytes. Resolves with all that the server has sent when the socket is closed. */
export async function send(port: number, { pieces, ending }: Exchange): Promise<string> {
  const socket = connect(port, "127.0.0.1").setNoDelay();
  const chunks: Buffer[] = [];
  let isLate = false;
  const answered = once(socket, "data").catch(() => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  // The server may break the connection at any time, but it must not keep it open.
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await setImmediate();
  }
  if (ending !== "leave") await orSoon(Promise.race([answered, closed]));
  if (ending === "wait and end") socket.end();
  else socket.destroy();
  const late = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, BOUND);
  await closed;
  clearTimeout(late);
  expect(isLate, "whether the server has kept the socket open for too long").toBe(false);
  return Buffer.concat(chunks).toString("latin1");
}

/** The correct framing of a body. */
const framed: Framing = (content) => [[["content-length", `${content.length}`]], content];
type Framing = (content: Buffer) => readonly [head: readonly (readonly [string, string])[], content: Buffer];

/** Other framings: none, one byte too many or too few, chunks, and chunks without an end. */
const FRAMINGS: readonly Framing[] = [
  (content) => [[], content],
  (content) => [[["content-length", `${content.length + 1}`]], content],
  (content) => [[["content-length", `${Math.max(0, content.length - 1)}`]], content],
  (content) => [[["transfer-encoding", "chunked"]], Buffer.concat([chunkOf(content), Buffer.from("0\r\n\r\n")])],
  (content) => [[["transfer-encoding", "chunked"]], chunkOf(content)],
];

function chunkOf(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from("\r\n")]);
}

const binary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

/** What differs from one fuzz test to another. */
interface ExchangeOptions {
  readonly target: fc.Arbitrary<string>;
  /** @default bodies for a hub */
  readonly content?: fc.Arbitrary<Buffer>;
  /** Header fields that every request has. @default none */
  readonly fields?: readonly (readonly [string, string])[];
}

/** Pipelined requests, mostly well-formed, sometimes cut, in pieces, or with binary data in a head. */
export function exchangeOf({ target, content = body, fields = [] }: ExchangeOptions): fc.Arbitrary<Exchange> {
  const request = fc
    .tuple(
      method,
      target,
      fc.oneof(fc.constant([]), headers),
      content,
      fc.oneof(fc.constant(framed), fc.constantFrom(...FRAMINGS)),
      sometimes(binary),
    )
    .map(([verb, where, others, bytes, frame, rubbish]) => {
      const [framing, sent] = frame(bytes);
      const all = [["host", "x"], ...fields, ...others, ...framing];
      const head = `${verb} ${where} HTTP/1.1\r\n${all.map((field) => `${field.join(": ")}\r\n`).join("")}`;
      return Buffer.concat([Buffer.from(head, "latin1"), rubbish ?? Buffer.alloc(0), Buffer.from("\r\n"), sent]);
    });
  const place = sometimes(fc.double({ min: 0, max: 1, noNaN: true }));
  return fc
    .tuple(
      fc.array(request, { minLength: 1, maxLength: 3 }).map((each) => Buffer.concat(each)),
      place,
      place,
      sometimes(fc.constantFrom<Exchange["ending"]>("leave", "wait and leave")),
    )
    .map(([bytes, cut, pause, ending]) => {
      const sent = bytes.subarray(0, Math.ceil((cut ?? 1) * bytes.length));
      const at = Math.ceil((pause ?? 0) * sent.length);
      return {
        pieces: pause === null ? [sent] : [sent.subarray(0, at), sent.subarray(at)],
        ending: ending ?? "wait and end",
      };
    });
}
