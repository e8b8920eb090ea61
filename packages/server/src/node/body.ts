import type { ComingBody } from "../hub-options.ts";
import { bodyTooLong } from "../wire/body-too-long.ts";
import { GrowingBytes } from "../wire/growing-bytes.ts";
import type { NodeRequest } from "./exchange.ts";

/**
 * How much of a body that is too long is read and dropped. Node closes the socket after the answer. If a body were
 * still coming then, a proxy that is sending it would get a reset, and tell its client 502 instead of the answer.
 */
const MOST_DROPPED_BYTES = 1024 * 1024;

/**
 * The JSON of a request's body. If a middleware has parsed the body, its result is taken from `request.body`.
 *
 * @throws RangeError when the body is longer than `limit` bytes
 * @throws TypeError when somebody has read the body and left nothing of it
 * @throws SyntaxError when it is not JSON
 */
export async function readJson(request: NodeRequest, limit: number, coming: ComingBody): Promise<unknown> {
  const { body } = request;
  if (body === undefined || isPlaceholder(request)) return JSON.parse(await readText(request, limit, coming));
  // A middleware may have read a longer body than the hub allows.
  if (declaredLength(request) > limit) throw bodyTooLong(limit);
  // A middleware that parses text or bytes has read the body.
  if (typeof body === "string") return JSON.parse(body);
  return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString("utf8")) : body;
}

/** Whether nobody has read the body: the parsers of Express 4 then leave an empty object. */
function isPlaceholder({ body, readableDidRead }: NodeRequest): boolean {
  return !readableDidRead && typeof body === "object" && Object.keys(body ?? {}).length === 0;
}

/** The length that the request declares; 0 if it declares none. */
function declaredLength({ headers }: NodeRequest): number {
  return Number(headers["content-length"] ?? 0);
}

async function readText(request: NodeRequest, limit: number, coming: ComingBody): Promise<string> {
  // Nothing more would come, not even an end.
  if (request.readableDidRead || request.readableEnded || request.destroyed) {
    throw new TypeError("Expected an unread body, got one that has been read; pass it to the hub as request.body.");
  }
  if (declaredLength(request) > limit + MOST_DROPPED_BYTES) throw bodyTooLong(limit);
  const { signal } = coming;
  const bytes = new GrowingBytes();
  let size = 0;
  signal.addEventListener("abort", () => bytes.clear());
  // Leaving a plain `for await` would destroy the request, but the answer has to go over the same socket. Listeners of
  // our own would stay on the request, and keep its body until the answer is read.
  const parts: AsyncIterable<Uint8Array | string> = request.iterator({ destroyOnReturn: false });
  for await (const given of parts) {
    // What still comes is thrown away: an answer goes over the same socket.
    if (signal.aborted) continue;
    // After `request.setEncoding`, the parts are texts.
    const part = typeof given === "string" ? Buffer.from(given, request.readableEncoding ?? "utf8") : given;
    size += part.length;
    if (size > limit + MOST_DROPPED_BYTES) break;
    if (size > limit) continue;
    bytes.add(part);
    coming.hold(bytes.capacity);
  }
  if (size > limit) throw bodyTooLong(limit);
  signal.throwIfAborted();
  return bytes.text();
}
