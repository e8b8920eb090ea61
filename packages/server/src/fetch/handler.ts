import type { HubRequest } from "../hub-options.ts";
import type { HubResponse } from "../request/response.ts";
import { createUnreadPages, type UnreadPage } from "../unread/unread-pages.ts";
import { readJson, type RereadableRequest } from "./body.ts";
import { toUnreadBody, toStream, type UnreadBody } from "./response-body.ts";

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
 * @example
 * app.all("/events", (context) => handler(context.req.raw));
 */
export function toFetchHandler<Raw = Request>(hub: {
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}): (request: Request | RereadableRequest, ...extras: Extras<Raw>) => Promise<Response> {
  const pages = createUnreadPages();
  return async (given, ...[extras]) => {
    const request = "raw" in given ? given.raw : given;
    const { signal } = request;
    const slot: { page: UnreadPage | null; body: UnreadBody | null } = { page: null, body: null };
    let onOver = (): void => {};
    const written = new Promise<void>((resolve) => {
      onOver = () => {
        slot.page?.leave();
        resolve();
      };
      signal.addEventListener("abort", onOver);
    });
    const { pathname, search } = new URL(request.url);
    const answer = await hub.handle({
      method: request.method,
      url: pathname + search,
      headers: request.headers,
      json: (limit) => readJson(given, limit),
      signal,
      // Safe: if `Raw` is another type than Request, the signature of the handler asks for it.
      raw: (extras?.raw ?? request) as Raw,
      written,
      async waitForReader(kind) {
        if (kind === "page") slot.page = await pages.enter(() => slot.body?.giveUp(), signal);
      },
    });
    const { status, headers } = answer;
    if ("open" in answer) return new Response(toStream(answer, signal, onOver), { status, headers });
    slot.body = toUnreadBody(answer.body, slot.page, onOver);
    return new Response(slot.body.body, { status, headers: { ...headers, ...slot.body.headers } });
  };
}
