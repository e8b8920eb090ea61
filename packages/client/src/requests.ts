import { formatBody, formatQuery, isCursor, type EventRequest, type PageBody, type Problem } from "@tidings/protocol";
import { attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { failure } from "./ending.ts";
import type { Reason } from "./status.ts";

/** Longer queries travel as POST. */
const LONGEST_QUERY = 7_000;

/** What a status means, of a stream and of a page; of the others, those from 500 on are `unavailable`. */
const REASONS: Readonly<Record<number, Reason>> = {
  204: "finished",
  401: "unauthenticated",
  403: "forbidden",
  404: "unknown",
  408: "unavailable",
  429: "unavailable",
};

/**
 * Makes one request. The answer's head has arrived, and it is of the type that was asked for.
 * @throws Ending
 */
export async function send(
  context: Context,
  request: EventRequest,
  accept: string,
  signal: AbortSignal,
): Promise<Response> {
  const { url, headers, credentials, fetch, network } = context;
  if (!network.isOnline()) throw failure("network", "a network", "none", { reason: "offline" });
  const base = await readOption("url", url);
  const sent = new Headers(await readOption("headers", headers));
  sent.set("accept", accept);
  const init: RequestInit = { headers: sent, credentials, cache: "no-store", signal };
  let query = formatQuery(request);
  if (query.length > LONGEST_QUERY) {
    query = formatQuery({ ...request, channels: new Map(), after: null });
    sent.set("content-type", "application/json");
    init.method = "POST";
    init.body = formatBody(request);
  }
  const response = await fetch(`${base}${base.includes("?") ? "&" : "?"}${query}`, init);
  const { status, body } = response;
  // Nobody waits any more: a fetch that does not heed the signal would leave the connection open.
  if (signal.aborted) await body?.cancel();
  if (status !== 200) throw await toRefusal(response);
  const type = response.headers.get("content-type") ?? "none";
  if (type.split(";")[0]?.trim().toLowerCase() === accept) return response;
  await body?.cancel();
  throw failure("bad-response", accept, `${type}; check that "url" is the hub's`);
}

/** Asks for a page. @throws Ending */
export function fetchPage(context: Context, request: EventRequest): Promise<PageBody> {
  return attempt(context, async (signal) => {
    const page = await readJson<PageBody>(await send(context, request, "application/json", signal));
    // The rest is the server's word; its events are checked by the contract one by one.
    if (Array.isArray(page.events) && isCursor(`${page.cursor}`)) return page as PageBody;
    throw failure("bad-response", "a page", `other JSON; check that "url" is the hub's`);
  }).result;
}

async function readOption<Value>(name: string, option: Value | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    // None of the values is itself a function.
    return await (typeof option === "function" ? (option as () => Value | Promise<Value>)() : option);
  } catch (cause) {
    throw failure("option-failed", `"${name}" to return`, String(cause), { reason: "bad-response", cause });
  }
}

async function toRefusal(response: Response) {
  const { status, headers } = response;
  // What is no problem document says nothing more than its status. The server's word, so whoever uses a member has to look.
  const { channels, code, detail } = await readJson<Problem>(response);
  const isNamed = Array.isArray(channels);
  const reason = REASONS[status] ?? (status >= 500 ? "unavailable" : "rejected");
  return failure("refused", "an answer", `status ${status} (${[code, detail].filter(Boolean).join(": ")})`, {
    // A page that is not found, rather than a channel, is a wrong address.
    reason: reason === "unknown" && !isNamed ? "rejected" : reason,
    ...(isNamed && { channels }),
    // A date, which HTTP allows too, is NaN here and counts as none.
    retryAfter: (Number(headers.get("retry-after")) || 0) * 1_000,
  });
}

/** All members are optional: it is only what the server says. What is no JSON has none. @throws what breaks while it is read */
async function readJson<Value>(response: Response): Promise<Partial<Value>> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) throw error;
  });
  return Object(value) as Partial<Value>;
}
