import type { ComingBody } from "../hub-options.ts";
import { BodyBytes } from "../wire/body-bytes.ts";
import { bodyTooLong } from "../wire/body-too-long.ts";

/** A request whose body can be read again although somebody has read it, as `context.req` of Hono is. */
export interface RereadableRequest {
  readonly raw: Request;
  /** The body, from what the framework has kept of it. */
  text(): Promise<string>;
}

/**
 * The JSON of a request's body.
 *
 * @throws RangeError when the body is longer than `limit` bytes
 * @throws TypeError when somebody has read the body, and the request cannot give it again
 * @throws SyntaxError when it is not JSON
 */
export async function readJson(
  request: Request | RereadableRequest,
  limit: number,
  coming: ComingBody,
): Promise<unknown> {
  const raw = "raw" in request ? request.raw : request;
  if (!isTaken(raw)) return JSON.parse(await readText(raw, limit, coming));
  const text = await readAgain(request);
  if (new TextEncoder().encode(text).length > limit) throw bodyTooLong(limit);
  return JSON.parse(text);
}

/** Whether somebody has read the body, or is reading it. */
function isTaken({ bodyUsed, body }: Request): boolean {
  return bodyUsed || body?.locked === true;
}

async function readAgain(request: Request | RereadableRequest): Promise<string> {
  try {
    if ("raw" in request) return await request.text();
  } catch {
    // It was read beside the framework, which has kept nothing of it. The answer must not have the runtime's words.
  }
  throw new TypeError(
    "Expected an unread body, got one that has been read; let the hub read it, or in Hono pass context.req.",
  );
}

async function readText({ headers, body }: Request, limit: number, coming: ComingBody): Promise<string> {
  const bytes = new BodyBytes(limit, coming);
  // A body that is much too long is read as well: here nobody knows what an unread one does to the answer.
  bytes.declare(Number(headers.get("content-length") ?? 0));
  const parts: AsyncIterable<Uint8Array> | null = body;
  for await (const part of parts ?? []) {
    coming.signal.throwIfAborted();
    if (!bytes.add(part)) break;
  }
  return bytes.text();
}
