import type { ComingBody } from "../hub-options.ts";
import { bodyTooLong } from "../wire/body-too-long.ts";
import { GrowingBytes } from "../wire/growing-bytes.ts";
import type { NodeRequest } from "./exchange.ts";

/**
 * The JSON of a request's body. If a middleware has parsed the body, its result is taken from `request.body`.
 *
 * @throws RangeError when the body is longer than `limit` bytes
 * @throws TypeError when somebody has read the body and left nothing of it
 * @throws SyntaxError when it is not JSON
 */
export async function readJson(request: NodeRequest, limit: number, coming: ComingBody): Promise<unknown> {
  const { body } = request;
  // A middleware may already have read a longer body than the hub allows.
  if (Number(request.headers["content-length"] ?? 0) > limit) throw bodyTooLong(limit);
  if (body === undefined || isPlaceholder(request)) return JSON.parse(await readText(request, limit, coming));
  // A middleware that parses text or bytes has read the body.
  if (typeof body === "string") return JSON.parse(body);
  return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString("utf8")) : body;
}

/** Whether nobody has read the body: the parsers of Express 4 then leave an empty object. */
function isPlaceholder({ body, readableDidRead }: NodeRequest): boolean {
  return !readableDidRead && typeof body === "object" && Object.keys(body ?? {}).length === 0;
}

async function readText(request: NodeRequest, limit: number, coming: ComingBody): Promise<string> {
  // Nothing more would come, not even an end.
  if (request.readableDidRead || request.readableEnded || request.destroyed) {
    throw new TypeError("Expected an unread body, got one that has been read; pass it to the hub as request.body.");
  }
  const { signal } = coming;
  const bytes = new GrowingBytes();
  signal.addEventListener("abort", () => bytes.clear());
  // Leaving a plain `for await` would destroy the request, but the answer has to go over the same socket. Listeners of
  // our own would stay on the request, and keep its body until the answer is read.
  const parts: AsyncIterable<Uint8Array | string> = request.iterator({ destroyOnReturn: false });
  for await (const given of parts) {
    // What still comes is thrown away: an answer goes over the same socket.
    if (signal.aborted) continue;
    // After `request.setEncoding`, the parts are texts.
    const part = typeof given === "string" ? Buffer.from(given, request.readableEncoding ?? "utf8") : given;
    if (bytes.size + part.length > limit) throw bodyTooLong(limit);
    bytes.add(part);
    coming.hold(bytes.capacity);
  }
  signal.throwIfAborted();
  return bytes.text();
}
