import { ServerResponse } from "node:http";
import { STREAM_HEADERS } from "@tidings/protocol";
import type { HubResponse, StreamResponse, WholeResponse } from "../request/response.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import type { ResponseWatch } from "./response-watch.ts";
import { createStreamSink, write } from "./stream-sink.ts";

/** How many bytes of a page are written at once. Each part that the socket takes shows that somebody reads. */
const PART_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Writes an answer of the hub. If a middleware has broken the response, the response is destroyed. Never throws. */
export function send(answer: HubResponse, request: NodeRequest, response: NodeResponse, watch: ResponseWatch): void {
  // A middleware may have answered meanwhile, for example after a timeout.
  if (watch.isGone || response.headersSent || response.writableEnded) return;
  try {
    if ("open" in answer) sendStream(answer, request, response, watch);
    else sendWhole(answer, request, response);
  } catch (error) {
    breakOff(response, answer, error);
  }
}

/**
 * What writing throws is the fault of a middleware that has replaced a method of the response. The reader gets nothing
 * more, so it must not wait; and without a report, nobody would know why.
 */
function breakOff(response: NodeResponse, { noteFailure }: Pick<HubResponse, "noteFailure">, error: unknown): void {
  response.destroy();
  noteFailure?.(error);
}

function sendStream(answer: StreamResponse, request: NodeRequest, response: NodeResponse, watch: ResponseWatch): void {
  setHead(response, answer.status, { ...answer.headers, ...closeHeader(answer, request) });
  const sink = createStreamSink(request, response);
  const control = answer.open(sink);
  sink.begun(control);
  watch.stream = control;
}

function sendWhole(answer: WholeResponse, request: NodeRequest, response: NodeResponse): void {
  const body = Buffer.from(answer.body);
  const length = request.method === "HEAD" || answer.status === 204 ? {} : { "content-length": body.length };
  setHead(response, answer.status, { ...answer.headers, ...length, ...closeHeader(answer, request) });
  answer.unread?.begin(() => response.destroy());
  writeParts(body, response, answer);
  if ((answer.status === 413 || answer.status === 503) && !request.complete) dropBody(request, response);
}

/**
 * Writes a body part by part, each when the socket has taken the one before. Each part is a copy: HTTP/2 keeps what its
 * reader does not take, also of an answer that was given up, and that must not be the whole body.
 */
function writeParts(body: Buffer, response: NodeResponse, answer: WholeResponse): void {
  const { unread } = answer;
  let rest = body;
  function forget(): void {
    response.off("drain", proceed);
    rest = NOTHING;
  }
  /** As a listener it has no caller: what it throws would end the process. */
  function proceed(): void {
    try {
      writeOn();
    } catch (error) {
      breakOff(response, answer, error);
    }
  }
  function writeOn(): void {
    unread?.noteProgress(rest.length);
    while (rest.length > PART_BYTES) {
      const part = Buffer.from(rest.subarray(0, PART_BYTES));
      rest = rest.subarray(PART_BYTES);
      if (!write(response, part)) return;
    }
    response.end(Buffer.from(rest));
    forget();
  }
  if (body.length === 0) {
    // Over HTTP/2, even an empty part is a write after the end, if HEAD or the status has no body.
    response.end();
    return;
  }
  if (body.length <= PART_BYTES) {
    response.end(body);
    return;
  }
  response.on("drain", proceed).on("close", forget);
  proceed();
}

/**
 * The `connection: close` header of the last answer on a socket. A stream is one. So is a refusal of a server that
 * closes: a client that keeps the socket would come back to the process that has just sent it away. So is the answer to
 * a body that is too long or comes too slowly: some of it may still be coming, and nobody reads it.
 */
function closeHeader({ status, headers }: HubResponse, request: NodeRequest): { readonly connection?: "close" } {
  const isLast = status === 413 || status === 503 || headers["content-type"] === STREAM_HEADERS["content-type"];
  // HTTP/2 has no such header: its streams end one by one.
  return isLast && request.httpVersionMajor === 1 ? { connection: "close" } : {};
}

/**
 * Throws away the rest of a body that is too long, or that comes too slowly. Over HTTP/2, closing the stream also tells
 * the client to stop sending.
 */
function dropBody(request: NodeRequest, response: NodeResponse): void {
  if ("stream" in response) response.stream.close();
  request.resume();
}

/** How many listeners a response has here if nobody else waits for its end: those of Node and of the watch. */
const OWN_LISTENERS = { finish: 2, close: 1 };

/** Null if a middleware has done something with the response so far, or waits for its end to report it. */
function untouched(response: NodeResponse): ServerResponse | null {
  const isUntouched =
    response instanceof ServerResponse &&
    response.writeHead === ServerResponse.prototype.writeHead &&
    response.setHeader === ServerResponse.prototype.setHeader &&
    response.getHeaderNames().length === 0 &&
    response.listenerCount("finish") <= OWN_LISTENERS.finish &&
    response.listenerCount("close") <= OWN_LISTENERS.close;
  return isUntouched ? response : null;
}

function setHead(response: NodeResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  const plain = untouched(response);
  if (plain !== null) {
    // Node then keeps no headers, which for hours of a stream are a tenth of its memory.
    plain.writeHead(status, headers);
    return;
  }
  response.statusCode = status;
  // A middleware before this handler may vary the answer by more headers.
  const vary = response.getHeader("vary");
  // One by one: a middleware that logs requests reads them later, and Node would not keep them otherwise.
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (vary !== undefined) response.setHeader("vary", `${String(vary)}, ${headers["vary"]}`);
}
