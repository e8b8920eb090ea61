import { callSafely } from "@tidings/protocol/call-safely";
import { checkMethods } from "@tidings/protocol/checks";
import type { HubRequest } from "../hub-options.ts";
import type { HubResponse } from "../request/response.ts";
import { toBytes } from "../wire/bytes.ts";
import { readJson, type RereadableRequest } from "./body.ts";
import { toBody, toStream } from "./response-body.ts";

/** What a handler takes besides the request. */
interface RuntimeExtras {
  /**
   * Lets the connection of a request end when nothing has gone over it for so many seconds. Bun's server has this
   * method. Without it, the runtime decides how long the socket of a reader that takes nothing stays open.
   */
  timeout?(request: Request, seconds: number): unknown;
}

/** `raw` is needed, unless that is the request itself. */
type Extras<Raw> = Request extends Raw
  ? [extras?: object & RuntimeExtras & { readonly raw?: Raw }]
  : [extras: RuntimeExtras & { readonly raw: Raw }];

/** As much of a response of Node as says what is wrong. */
interface NodeResponse {
  statusCode: number;
  end(text: string): unknown;
}

function isNodeResponse(extras: object | undefined): extras is NodeResponse {
  return extras !== undefined && "statusCode" in extras && "end" in extras && typeof extras.end === "function";
}

/**
 * The hub as a handler for runtimes that speak `Request` and `Response`: Hono, Next.js, SvelteKit, Bun, Deno, workers.
 * Where a middleware reads bodies, give it a request that can be read again: `context.req` in Hono.
 *
 * `authenticate` gets the request as `raw`, or what you pass as `raw`. If `authenticate` declares a type for it, for
 * example `(request: HubRequest<Context>) => …`, the handler has to get it:
 * `events(context.req.raw, { raw: context })`.
 *
 * As the `fetch` of `Bun.serve`, it also gets the server of Bun, and lets that close the socket of a reader that takes
 * nothing. Other runtimes can pass a `timeout` of their own.
 *
 * @throws TypeError for anything but a hub; the handler rejects with one for anything but a `Request`, and answers 500
 *   to a request of Node where it gets the response, too
 * @example
 * app.all("/events", (context) => handler(context.req.raw));
 */
export function toFetchHandler<Raw = Request>(hub: {
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}): (request: Request | RereadableRequest, ...extras: Extras<Raw>) => Promise<Response> {
  checkMethods("hub", hub, ["handle"]);
  return async (given, ...[extras]) => {
    const request = "raw" in given ? given.raw : given;
    if (typeof request.headers?.get !== "function") {
      const sentence =
        "Expected a Request, got an object without headers.get; for requests of Node, use toNodeHandler.";
      // Servers of Node and Express take this handler, too. They may ignore its promise, and a rejection would then end
      // the process.
      if (!isNodeResponse(extras)) throw new TypeError(sentence);
      extras.statusCode = 500;
      extras.end(sentence);
      return new Response(sentence, { status: 500 });
    }
    const { signal } = request;
    let onOver = (): void => {};
    const written = new Promise<void>((resolve) => {
      onOver = resolve;
      signal.addEventListener("abort", onOver);
    });
    const { pathname, search, host } = new URL(request.url);
    const answer = await hub.handle({
      method: request.method,
      url: pathname + search,
      // Over HTTP/2, a server may tell the host in the URL alone.
      headers: { get: (name) => request.headers.get(name) ?? (name.toLowerCase() === "host" ? host : null) },
      json: (limit, coming) => readJson(given, limit, coming),
      signal,
      // Safe: if `Raw` is another type than Request, the signature of the handler asks for it.
      raw: (extras?.raw ?? request) as Raw,
      written,
    });
    const reader = {
      signal,
      onOver,
      endIdle(milliseconds: number): void {
        // Other frameworks pass other things in this place, and what they do must not end the process.
        if (typeof extras?.timeout === "function") callSafely(() => extras.timeout?.(request, milliseconds / 1_000));
      },
    };
    const { status, headers } = answer;
    if ("open" in answer) return new Response(toStream(answer, reader), { status, headers });
    const bytes = toBytes(answer.body);
    const length = bytes.length === 0 ? {} : { "content-length": String(bytes.length) };
    return new Response(toBody(bytes, answer.unread, reader), { status, headers: { ...headers, ...length } });
  };
}
