import { checkMethods } from "@tidings/protocol/checks";
import type { HubRequest } from "../hub-options.ts";
import type { HubResponse } from "../request/response.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { NodeHubRequest } from "./hub-request.ts";
import { ResponseWatch } from "./response-watch.ts";
import { send } from "./send.ts";
import { enterSession } from "./session-requests.ts";

/**
 * The hub as a handler for node:http, node:http2 (its compatibility API), Express 5, Connect and everything that hands
 * on the request and response of Node. It answers every request that it gets, and throws only for other arguments.
 *
 * The promise settles when the answer is written, or its reader is gone: for a stream that may be hours later. It never
 * rejects. Frameworks that wait for a handler, such as Koa and h3, have to get it.
 *
 * `authenticate` gets the request as `raw`. If it declares the type of that, for example
 * `(request: HubRequest<express.Request>) => …`, the handler takes requests of this type only.
 *
 * @throws TypeError for anything but a hub; the handler throws one for anything but a request and response of Node
 * @example
 * app.all("/events", toNodeHandler(hub));
 */
export function toNodeHandler<Raw = NodeRequest>(hub: {
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}): (request: Raw & NodeRequest, response: NodeResponse) => Promise<void> {
  checkMethods("hub", hub, ["handle"]);
  return (request, response) => {
    checkExchange(request, response);
    // A socket that breaks during a write means that the reader has left; "close" follows.
    response.on("error", ignore);
    // The client may have left while an asynchronous middleware before this handler was busy. Then no "close" will
    // come.
    if (isGone(response) || request.socket.destroyed) return Promise.resolve();
    if ("stream" in response && !enterSession(response.stream)) return Promise.resolve();
    // Nobody needs the body, but Node reports that a client has left only after the body is read.
    if (request.method !== "POST" && mayHaveBody(request)) request.resume();
    const watch = new ResponseWatch(response);
    void answer(hub, request, response, watch);
    return watch.over;
  };
}

/** Never rejects. It ends as soon as a stream has begun, and keeps nothing of it. */
async function answer<Raw>(
  hub: { handle(request: HubRequest<Raw>): Promise<HubResponse> },
  request: Raw & NodeRequest,
  response: NodeResponse,
  watch: ResponseWatch,
): Promise<void> {
  try {
    // Pipelined requests are read and answered one after the other.
    const socketFree = watch.socketFree(request, response);
    if (socketFree !== null) await socketFree;
    // Without a variable: it would keep the text of the body until the answer is read, beside its bytes.
    send(await hub.handle(new NodeHubRequest(request, response, watch)), request, response, watch);
  } catch {
    // Not expected: the hub and `send` report what goes wrong. All the same, the client must not wait for ever.
    response.destroy();
  }
}

/** Plain JavaScript, and a framework that wraps both, may pass anything. @throws TypeError */
function checkExchange(request: Partial<NodeRequest>, response: Partial<NodeResponse> | undefined): void {
  if (typeof response?.on === "function" && request.socket !== undefined) return;
  throw new TypeError(
    "Expected the request and the response of Node, got others; for a Request, use toFetchHandler. " +
      "Fastify has them as request.raw and reply.raw, Koa as context.req and context.res.",
  );
}

function ignore(): void {}

function mayHaveBody({ headers, httpVersionMajor }: NodeRequest): boolean {
  // Over HTTP/2, a body needs no header.
  const isAnnounced = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return isAnnounced || httpVersionMajor !== 1;
}

function isGone(response: NodeResponse): boolean {
  return response.writableEnded || ("stream" in response ? response.stream.destroyed : response.destroyed);
}
