import type { IncomingMessage, ServerResponse } from "node:http";
import type { Contract } from "@tidings/contract";
import type { Hub, HubRequest, HubResponse, Sink } from "./index.ts";

/** A request as Express and Connect hand it on: they change `url` under a mount point, and may have read the body. */
type AppRequest = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown };
/** A response that may be wrapped by a compressing middleware. */
type AppResponse = ServerResponse & { flush?(): void };

/**
 * The hub as a handler for node:http, Express 5 and Connect: `app.all("/events", toNodeHandler(hub))`.
 * It answers every request that it is given, and never throws.
 */
export function toNodeHandler(hub: Pick<Hub<Contract>, "handle">): (request: AppRequest, response: AppResponse) => void {
  return (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    // A socket that breaks while we write is a reader that left; "close" follows.
    response.on("error", () => {});
    void hub.handle(toHubRequest(request, gone.signal)).then((answer) => send(answer, response, gone.signal));
  };
}

function toHubRequest(request: AppRequest, signal: AbortSignal): HubRequest {
  return {
    method: request.method ?? "GET",
    url: request.originalUrl ?? request.url ?? "/",
    headers: {
      get(name) {
        const value = request.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
    },
    json: (limit) => (request.body === undefined ? readJson(request, limit) : Promise.resolve(request.body)),
    signal,
  };
}

function send(answer: HubResponse, response: AppResponse, signal: AbortSignal): void {
  if (signal.aborted) return;
  response.writeHead(answer.status, answer.headers);
  if (!("open" in answer)) return void response.end(answer.body);
  response.socket?.setNoDelay(true);
  const sink: Sink = {
    write(bytes) {
      const accepts = response.write(bytes);
      response.flush?.();
      return accepts;
    },
    end: () => void response.end(),
  };
  const control = answer.open(sink);
  response.on("drain", () => control.drained());
  response.once("close", () => control.closed());
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // An IncomingMessage without an encoding yields Buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limit) throw new RangeError(`Expected a body of ${limit} bytes at most.`);
    chunks.push(bytes);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
