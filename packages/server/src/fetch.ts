import type { Contract } from "@tidings/contract";
import { concat } from "./wire/bytes.ts";
import type { Hub, HubRequest, Sink, StreamResponse } from "./index.ts";

/** How many bytes may wait in a web stream before the connection waits. */
const HIGH_WATER = 64 * 1024;

/**
 * The hub as a handler for runtimes that speak `Request` and `Response`: Hono, Next.js, Bun, Deno, workers.
 *
 * @example
 * app.all("/events", (context) => handler(context.req.raw));
 */
export function toFetchHandler(hub: Pick<Hub<Contract>, "handle">): (request: Request) => Promise<Response> {
  return async (request) => {
    const answer = await hub.handle(toHubRequest(request));
    const body = "open" in answer ? toStream(answer, request.signal) : answer.body === "" ? null : answer.body;
    return new Response(body, { status: answer.status, headers: answer.headers });
  };
}

function toHubRequest(request: Request): HubRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    url: pathname + search,
    headers: request.headers,
    json: (limit) => readJson(request, limit),
    signal: request.signal,
  };
}

/** Makes bytes only when somebody pulls: the connection waits as it does for a socket. */
function toStream(answer: StreamResponse, signal: AbortSignal): ReadableStream<Uint8Array> {
  let control: ReturnType<StreamResponse["open"]> | null = null;
  const close = () => control?.closed();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: Sink = {
          write(bytes) {
            controller.enqueue(bytes);
            return (controller.desiredSize ?? 0) > 0;
          },
          end() {
            signal.removeEventListener("abort", close);
            controller.close();
          },
        };
        signal.addEventListener("abort", close);
        control = answer.open(sink);
        // If the client left before there was a stream, no "abort" will come.
        if (signal.aborted) close();
      },
      pull: () => control?.drained(),
      cancel: close,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
  );
}

async function readJson(request: Request, limit: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = request.body;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`Expected a body of ${limit} bytes at most.`);
    chunks.push(chunk);
  }
  return JSON.parse(new TextDecoder().decode(concat(chunks)));
}
