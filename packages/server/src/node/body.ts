import type { ComingBody } from "../hub-options.ts";
import { BodyBytes } from "../wire/body-bytes.ts";
import { bodyTooLong } from "../wire/body-too-long.ts";
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
  if (body === undefined || isPlaceholder(request)) return JSON.parse(await readText(request, limit, coming));
  // A middleware may have read a longer body than the hub allows. A body in chunks says no length, and a compressed one
  // says another.
  if (declaredLength(request) > limit || byteLength(body) > limit) throw bodyTooLong(limit);
  // A middleware that parses text or bytes has read the body.
  if (typeof body === "string") return JSON.parse(body);
  return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString("utf8")) : body;
}

/** Whether nobody has read the body: the parsers of Express 4 then leave an empty object. */
function isPlaceholder({ body, readableDidRead }: NodeRequest): boolean {
  return !readableDidRead && typeof body === "object" && Object.keys(body ?? {}).length === 0;
}

/** How many bytes a body has that a middleware has read. */
function byteLength(body: unknown): number {
  if (body instanceof Uint8Array) return body.length;
  return Buffer.byteLength(typeof body === "string" ? body : JSON.stringify(body));
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
  const { signal } = coming;
  // Over HTTP/2 nothing has to be read before the answer: closing the stream tells the client to stop sending.
  const bytes = new BodyBytes(limit, coming, request.httpVersionMajor === 1);
  if (!bytes.declare(declaredLength(request))) return bytes.text();
  // Leaving a plain `for await` would destroy the request, but the answer has to go over the same socket. Listeners of
  // our own would stay on the request, and keep its body until the answer is read.
  const parts: AsyncIterable<Uint8Array | string> = request.iterator({ destroyOnReturn: false });
  for await (const part of parts) {
    // What still comes is thrown away: an answer goes over the same socket.
    if (signal.aborted) continue;
    // After `request.setEncoding`, the parts are texts.
    if (!bytes.add(typeof part === "string" ? Buffer.from(part, request.readableEncoding ?? "utf8") : part)) break;
  }
  return bytes.text();
}
