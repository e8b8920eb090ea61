import { checkMethods } from "@tidings/protocol/checks";
import type { HubRequest } from "../hub-options.ts";
import type { HubResponse } from "../request/response.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { toHubRequest } from "./hub-request.ts";
import { watchResponse } from "./response-watch.ts";
import { send } from "./send.ts";
import { enterSession } from "./session-requests.ts";

/**
 * The hub as a handler for node:http, node:http2 (its compatibility API), Express 5, Connect and everything that hands
 * on the request and response of Node. It answers every request that it gets, and never throws.
 *
 * The promise settles when the answer is written, or its reader is gone: for a stream that may be hours later. It never
 * rejects. Frameworks that wait for a handler, such as Koa and h3, have to get it.
 *
 * `authenticate` gets the request as `raw`. If it declares the type of that, for example
 * `(request: HubRequest<express.Request>) => …`, the handler takes requests of this type only.
 *
 * @throws TypeError for anything but a hub
 * @example
 * app.all("/events", toNodeHandler(hub));
 */
export function toNodeHandler<Raw = NodeRequest>(hub: {
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}): (request: Raw & NodeRequest, response: NodeResponse) => Promise<void> {
  checkMethods("hub", hub, ["handle"]);
  return async (request, response) => {
    // A socket that breaks during a write means that the reader has left; "close" follows.
    response.on("error", () => {});
    // The client may have left while an asynchronous middleware before this handler was busy. Then no "close" will
    // come.
    if (isGone(response) || request.socket.destroyed) return;
    if ("stream" in response && !enterSession(response.stream)) return;
    // Nobody needs the body, but Node reports that a client has left only after the body is read.
    if (request.method !== "POST") request.resume();
    const { signal, socketFree, over } = watchResponse(request, response);
    // Pipelined requests are read and answered one after the other.
    await socketFree;
    const session = "stream" in response ? response.stream.session : undefined;
    const way = {
      signal,
      written: over,
      hasForeignCors: response.hasHeader("access-control-allow-origin"),
      ...(session && { session }),
    };
    try {
      // Without a variable: it would keep the text of the body until the answer is read, beside its bytes.
      send(await hub.handle(toHubRequest(request, way)), request, response, signal);
    } catch {
      // The response cannot be written; a middleware before this handler may have broken it.
      response.destroy();
    }
    await over;
  };
}

function isGone(response: NodeResponse): boolean {
  return response.writableEnded || ("stream" in response ? response.stream.destroyed : response.destroyed);
}
