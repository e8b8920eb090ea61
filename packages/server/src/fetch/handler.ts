import { checkMethods } from "@tidings/protocol/checks";
import type { HubRequest } from "../hub-options.ts";
import type { HubResponse } from "../request/response.ts";
import { toBytes } from "../wire/bytes.ts";
import { readJson, type RereadableRequest } from "./body.ts";
import { toBody, toStream } from "./response-body.ts";

/** What a hub wants besides the request: `raw`, unless that is the request itself. */
type Extras<Raw> = Request extends Raw ? [extras?: object & { readonly raw?: Raw }] : [extras: { readonly raw: Raw }];

/**
 * The hub as a handler for runtimes that speak `Request` and `Response`: Hono, Next.js, SvelteKit, Bun, Deno, workers.
 * Where a middleware reads bodies, give it a request that can be read again: `context.req` in Hono.
 *
 * `authenticate` gets the request as `raw`, or what you pass as `raw`. If `authenticate` declares a type for it, for
 * example `(request: HubRequest<Context>) => …`, the handler has to get it:
 * `events(context.req.raw, { raw: context })`.
 *
 * @throws TypeError for anything but a hub
 * @example
 * app.all("/events", (context) => handler(context.req.raw));
 */
export function toFetchHandler<Raw = Request>(hub: {
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}): (request: Request | RereadableRequest, ...extras: Extras<Raw>) => Promise<Response> {
  checkMethods("hub", hub, ["handle"]);
  return async (given, ...[extras]) => {
    const request = "raw" in given ? given.raw : given;
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
    const { status, headers } = answer;
    if ("open" in answer) return new Response(toStream(answer, signal, onOver), { status, headers });
    const bytes = toBytes(answer.body);
    const length = bytes.length === 0 ? {} : { "content-length": String(bytes.length) };
    return new Response(toBody(bytes, answer.unread, onOver), { status, headers: { ...headers, ...length } });
  };
}
