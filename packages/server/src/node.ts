import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Contract } from "@tidings/contract";
import { STREAM_HEADERS } from "@tidings/protocol";
import type { Hub, HubRequest, HubResponse, Sink } from "./index.ts";

/** A request as Express and Connect pass it on: they change `url` under a mount point, and may have read the body. */
type AppRequest = (IncomingMessage | Http2ServerRequest) & { readonly originalUrl?: string; readonly body?: unknown };
/** A response that a compressing middleware may have wrapped. */
type AppResponse = (ServerResponse | Http2ServerResponse) & { flush?(): void };

/** How long a reader may take to read the end of a stream, in milliseconds, before its socket is destroyed. */
const END_TIME = 5_000;

/**
 * The hub as a handler for node:http, node:http2 (its compatibility API), Express 5 and Connect. It answers every
 * request that it gets, and never throws.
 *
 * @example
 * app.all("/events", toNodeHandler(hub));
 */
export function toNodeHandler(
  hub: Pick<Hub<Contract>, "handle">,
): (request: AppRequest, response: AppResponse) => void {
  return (request, response) => {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.once("close", leave);
    // A socket that breaks during a write means that the reader has left; "close" follows.
    response.on("error", () => {});
    // The client may have left while an asynchronous middleware before this handler was busy. Then no "close" will
    // come.
    if (isGone(response) || request.socket.destroyed) return;
    // Nobody needs the body, but Node reports that a client has left only after the body is read.
    if (request.method !== "POST") request.resume();
    const { socket } = request;
    // With pipelining, a response waits for another one on the same socket, and gets no "close" when the socket closes.
    if (response.socket === null) {
      socket.once("close", leave);
      response.once("close", () => socket.off("close", leave));
    }
    hub
      .handle(toHubRequest(request, gone.signal))
      .then((answer) => send(answer, request, response, gone.signal))
      // The response cannot be written; a middleware before this handler may have broken it.
      .catch(() => response.destroy());
  };
}

function isGone(response: AppResponse): boolean {
  return response.writableEnded || ("stream" in response ? response.stream.destroyed : response.destroyed);
}

function toHubRequest(request: AppRequest, signal: AbortSignal): HubRequest {
  return {
    method: request.method ?? "GET",
    url: request.originalUrl ?? request.url ?? "/",
    headers: {
      get(name) {
        const key = name.toLowerCase();
        // HTTP/2 has a pseudo header instead of "host".
        const value = request.headers[key] ?? (key === "host" ? request.headers[":authority"] : undefined);
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
    },
    async json(limit) {
      // If the client has left, the request has said "close" already, and its body will never end.
      signal.throwIfAborted();
      return readJson(request, limit);
    },
    signal,
  };
}

function send(answer: HubResponse, request: AppRequest, response: AppResponse, signal: AbortSignal): void {
  // A middleware may have answered meanwhile, for example after a timeout.
  if (signal.aborted || response.headersSent || response.writableEnded) return;
  if (!("open" in answer)) {
    const length =
      request.method === "HEAD" || answer.status === 204 ? {} : { "content-length": Buffer.byteLength(answer.body) };
    setHead(response, answer.status, { ...answer.headers, ...length, ...closeHeader(answer, request) });
    response.end(answer.body);
    if (answer.status === 413) dropBody(request, response);
    return;
  }
  setHead(response, answer.status, { ...answer.headers, ...closeHeader(answer, request) });
  const sink: Sink = {
    write(bytes) {
      // Safe: both kinds of response take bytes, each with overloads of its own.
      const accepts: unknown = (response as ServerResponse).write(bytes);
      response.flush?.();
      // A wrapper that returns undefined emits no "drain" either, so only false asks to wait.
      return accepts !== false;
    },
    end() {
      response.end();
      // A reader that has stopped reading never sees the end, and would keep its socket for ever.
      const timer = setTimeout(() => response.destroy(), END_TIME).unref();
      response.once("close", () => clearTimeout(timer));
    },
  };
  const control = answer.open(sink);
  response.on("drain", () => control.drained());
  signal.addEventListener("abort", () => control.closed());
}

/**
 * The `connection: close` header of the last answer on a socket. A stream is one. So is a refusal of a server that
 * closes: a client that keeps the socket would come back to the process that has just sent it away. So is the answer to
 * a body that is too long, since the rest of the body is not read.
 */
function closeHeader({ status, headers }: HubResponse, request: AppRequest): { readonly connection?: "close" } {
  const isLast = status === 413 || status === 503 || headers["content-type"] === STREAM_HEADERS["content-type"];
  // HTTP/2 has no such header: its streams end one by one.
  return isLast && request.httpVersionMajor === 1 ? { connection: "close" } : {};
}

/**
 * Throws away the rest of a body that is too long. Over HTTP/2, closing the stream also tells the client to stop
 * sending.
 */
function dropBody(request: AppRequest, response: AppResponse): void {
  if ("stream" in response) response.stream.close();
  request.resume();
}

function setHead(response: AppResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  response.statusCode = status;
  // A middleware before this handler may vary the answer by more headers.
  const vary = response.getHeader("vary");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (vary !== undefined) response.setHeader("vary", `${String(vary)}, ${headers["vary"]}`);
}

async function readJson(request: AppRequest, limit: number): Promise<unknown> {
  const { body } = request;
  // A middleware may already have read a longer body than the hub allows.
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLong(limit);
  if (body === undefined) return JSON.parse(await readText(request, limit));
  // A middleware that parses text or bytes has read the body.
  if (typeof body === "string") return JSON.parse(body);
  return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString("utf8")) : body;
}

function tooLong(limit: number): RangeError {
  return new RangeError(`Expected a body of ${limit} bytes at most.`);
}

function readText(request: AppRequest, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      // Leaving a `for await` would destroy the request, but the answer has to go over the same socket.
      request.off("data", onData).pause();
      reject(tooLong(limit));
    };
    request
      .on("data", onData)
      .once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
      .once("error", reject)
      .once("close", () => reject(new Error("Expected the whole body, got a part; the client closed the connection.")));
  });
}
