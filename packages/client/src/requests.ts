import {
  formatBody,
  formatQuery,
  parseCursor,
  type EventRequest,
  type PageBody,
  type Problem,
} from "@tidings/protocol";
import type { Context } from "./context.ts";
import { Ending, failure } from "./ending.ts";
import { interruptible } from "./interruptible.ts";
import type { Reason } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** Longer queries travel as POST. */
const LONGEST_QUERY = 7_000;

/** What a status means, of a stream and of a page. */
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
  if (!network.isOnline()) throw failure("offline", "network", "Expected a network, got none.");
  const base = await readOption("url", url);
  const sent = new Headers(await readOption("headers", headers));
  sent.set("accept", accept);
  const init: RequestInit = { headers: sent, credentials, cache: "no-store", signal };
  let query = formatQuery(request);
  if (query.length > LONGEST_QUERY) {
    query = formatQuery({ ...request, channels: new Map(), after: null });
    sent.set("content-type", "application/json");
    Object.assign(init, { method: "POST", body: formatBody(request) });
  }
  const response = await fetch(`${base}${base.includes("?") ? "&" : "?"}${query}`, init);
  // Nobody waits any more: a fetch that does not heed the signal would leave the connection open.
  if (signal.aborted) await response.body?.cancel();
  if (response.status !== 200) throw await toRefusal(response);
  const type = response.headers.get("content-type") ?? "none";
  if (type.split(";")[0]?.trim().toLowerCase() === accept) return response;
  await response.body?.cancel();
  throw failure("bad-response", "bad-response", `Expected ${accept}, got ${type}; check that "url" is the hub's.`);
}

/** Asks for a page. @throws Ending */
export async function fetchPage(context: Context, request: EventRequest): Promise<PageBody> {
  const { clock, connectTimeout, end: closed } = context;
  const { outcome, end } = interruptible<PageBody>(async (signal) => {
    const body: Partial<PageBody> | null = await readJson(await send(context, request, "application/json", signal));
    // The rest is the server's word; its events are checked by the contract one by one.
    if (Array.isArray(body?.events) && parseCursor(String(body.cursor)) !== null) return body as PageBody;
    throw failure("bad-response", "bad-response", 'Expected a page, got other JSON; check that "url" is the hub\'s.');
  });
  const close = () => end(failure("closed", "closed", "The client was closed."));
  const stop = clock.setTimeout(
    () => end(failure("timeout", "timeout", `Expected a page within ${connectTimeout} ms, got none.`)),
    connectTimeout,
  );
  closed.signal.addEventListener("abort", close);
  if (closed.signal.aborted) close();
  try {
    const page = await outcome;
    if (page instanceof Ending) throw page;
    return page;
  } finally {
    stop();
    closed.signal.removeEventListener("abort", close);
  }
}

async function readOption<Value>(name: string, option: Value | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    // None of the values is itself a function.
    return await (typeof option === "function" ? (option as () => Value | Promise<Value>)() : option);
  } catch (cause) {
    throw failure("bad-response", "option-failed", `Expected "${name}" to return, got ${String(cause)}.`, cause);
  }
}

async function toRefusal(response: Response): Promise<Ending> {
  const { status } = response;
  // What is no problem document says nothing more than its status. The server's word, so whoever uses a member has to look.
  const problem: Partial<Problem> = (await readJson(response)) ?? {};
  const said = [problem.code, problem.detail ?? problem.title].filter((text) => text !== undefined).join(": ");
  const named = Array.isArray(problem.channels) ? { channels: problem.channels } : {};
  // A page that is not found, rather than a channel, is a wrong address.
  const known = status === 404 && !("channels" in named) ? undefined : REASONS[status];
  const error = new StreamError("refused", `Expected an answer, got status ${status}${said && ` (${said})`}.`);
  // A date, which HTTP allows too, is NaN here and counts as none.
  const seconds = Number(response.headers.get("retry-after")) || 0;
  const reason = known ?? (status >= 500 ? "unavailable" : "rejected");
  return new Ending(reason, error, { ...named, retryAfter: seconds * 1_000 });
}

/** Null for what is no JSON object. All members are optional: it is only what the server says. @throws what breaks while it is read */
async function readJson<Value>(response: Response): Promise<Partial<Value> | null> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) return null;
    throw error;
  });
  return typeof value === "object" ? value : null;
}
