import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Contract } from "@tidings/contract";
import { STREAM_HEADERS } from "@tidings/protocol";
import type { Hub, HubRequest, HubResponse, Sink } from "./index.ts";

/** A request as Express and Connect hand it on: they change `url` under a mount point, and may have read the body. */
type AppRequest = (IncomingMessage | Http2ServerRequest) & { readonly originalUrl?: string; readonly body?: unknown };
/** A response that may be wrapped by a compressing middleware. */
type AppResponse = (ServerResponse | Http2ServerResponse) & { flush?(): void };

/** How long a reader may take for the end of a stream, in milliseconds, before the socket is destroyed. */
const END_TIME = 5_000;

/**
 * The hub as a handler for node:http, node:http2 (its compatibility API), Express 5 and Connect: `app.all("/events", toNodeHandler(hub))`.
 * It answers every request that it is given, and never throws.
 */
export function toNodeHandler(
  hub: Pick<Hub<Contract>, "handle">,
): (request: AppRequest, response: AppResponse) => void {
  return (request, response) => {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.once("close", leave);
    // A socket that breaks while we write is a reader that left; "close" follows.
    response.on("error", () => {});
    // An asynchronous middleware before us may have taken longer than the client waited: there is no "close" to come.
    if (isGone(response) || request.socket.destroyed) return;
    // Nobody wants the body, but as long as it is not read, nobody hears either that the client has left.
    if (request.method !== "POST") request.resume();
    const { socket } = request;
    // A response that waits behind another one on its socket, as pipelining has it, is not told when the socket closes.
    if (response.socket === null) {
      socket.once("close", leave);
      response.once("close", () => socket.off("close", leave));
    }
    hub
      .handle(toHubRequest(request, gone.signal))
      .then((answer) => send(answer, request, response, gone.signal))
      // A response that cannot be written, whatever the middlewares before us have done to it.
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
        // HTTP/2 has a pseudo header instead.
        const value = request.headers[key] ?? (key === "host" ? request.headers[":authority"] : undefined);
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
    },
    json: (limit) => jsonOf(request, limit),
    signal,
  };
}

function send(answer: HubResponse, request: AppRequest, response: AppResponse, signal: AbortSignal): void {
  // Somebody else may have answered meanwhile: a middleware that is tired of waiting.
  if (signal.aborted || response.headersSent || response.writableEnded) return;
  if (!("open" in answer)) {
    const length =
      request.method === "HEAD" || answer.status === 204 ? {} : { "content-length": Buffer.byteLength(answer.body) };
    setHead(response, answer.status, { ...answer.headers, ...length, ...closing(answer, request) });
    response.end(answer.body);
    if (answer.status === 413) dropBody(request, response);
    return;
  }
  setHead(response, answer.status, { ...answer.headers, ...closing(answer, request) });
  const sink: Sink = {
    write(bytes) {
      // Both kinds of response take bytes, each with overloads of its own.
      const accepts: unknown = (response as ServerResponse).write(bytes);
      response.flush?.();
      // A wrapper that forgets to answer never says when it has drained, either.
      return accepts !== false;
    },
    end() {
      response.end();
      // A reader that has stopped reading would never see the end, and would hold its socket for ever.
      const timer = setTimeout(() => response.destroy(), END_TIME).unref();
      response.once("close", () => clearTimeout(timer));
    },
  };
  const control = answer.open(sink);
  response.on("drain", () => control.drained());
  signal.addEventListener("abort", () => control.closed());
}

/**
 * A stream is the last answer on its socket, and so is a refusal by a server that is closing: a client that kept the socket would
 * come back over it to the process that has just sent it away. And the rest of a body that is too long is not waited for.
 */
function closing({ status, headers }: HubResponse, request: AppRequest): { readonly connection?: "close" } {
  const isLast = status === 413 || status === 503 || headers["content-type"] === STREAM_HEADERS["content-type"];
  // HTTP/2 has no such header; its streams end one by one.
  return isLast && request.httpVersionMajor === 1 ? { connection: "close" } : {};
}

/** The rest of a body that is too long: it is not kept, and who sends it over HTTP/2 is told to stop, as `connection: close` does in HTTP/1. */
function dropBody(request: AppRequest, response: AppResponse): void {
  if ("stream" in response) response.stream.close();
  request.resume();
}

function setHead(response: AppResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  response.statusCode = status;
  // A middleware before us may vary its answer by more.
  const vary = response.getHeader("vary");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (vary !== undefined) response.setHeader("vary", `${String(vary)}, ${headers["vary"]}`);
}

async function jsonOf(request: AppRequest, limit: number): Promise<unknown> {
  const { body } = request;
  // A middleware may have read more than the hub allows.
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLong(limit);
  if (body === undefined) return JSON.parse(await readText(request, limit));
  // A parser for text or bytes was first.
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
      // Not destroyed, as leaving a `for await` would do: the answer has to go over the same socket.
      request.off("data", onData).pause();
      reject(tooLong(limit));
    };
    request
      .on("data", onData)
      .once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
      .once("error", reject)
      .once("close", () => reject(new Error("Expected a whole body, got a part.")));
  });
}
