import type { NodeRequest } from "./exchange.ts";

/**
 * The JSON of a request's body. If a middleware has parsed the body, its result is taken from `request.body`.
 *
 * @throws RangeError when the body is longer than `limit` bytes
 * @throws TypeError when somebody has read the body and left nothing of it
 * @throws SyntaxError when it is not JSON
 */
export async function readJson(request: NodeRequest, limit: number): Promise<unknown> {
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

async function readText(request: NodeRequest, limit: number): Promise<string> {
  // Nothing more would come, not even an end.
  if (request.readableDidRead || request.readableEnded || request.destroyed) {
    throw new TypeError("Expected an unread body, got one that has been read; pass it to the hub as request.body.");
  }
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
