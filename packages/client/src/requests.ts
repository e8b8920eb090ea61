import { formatRequest, type EventRequest, type Problem } from "@tidings/protocol";
import type { Context } from "./context.ts";
import { failure } from "./ending.ts";
import type { Reason } from "./status.ts";

/** What a status means, of a stream and of a page. Of the others, those that may pass are `unavailable`. */
const REASONS: Readonly<Record<number, Reason>> = {
  204: "finished",
  401: "unauthenticated",
  403: "forbidden",
  404: "unknown",
};
const MAY_PASS = /408|429|5../;

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
  const { fetch, credentials, network } = context;
  if (!network.isOnline()) throw failure("network", "a network", "none", { reason: "offline" });
  const url = await readOption(context, "url");
  const headers = new Headers(await readOption(context, "headers"));
  headers.set("accept", accept);
  const { query, body } = formatRequest(request);
  if (body) headers.set("content-type", "application/json");
  const response = await fetch(`${url}${url.includes("?") ? "&" : "?"}${query}`, {
    headers,
    credentials,
    cache: "no-store",
    signal,
    ...(body && { method: "POST", body }),
  });
  // Nobody waits any more: a fetch that does not heed the signal would leave the connection open.
  if (signal.aborted) await response.body?.cancel();
  if (response.status !== 200) throw await toRefusal(response);
  const type = String(response.headers.get("content-type"));
  if (type.toLowerCase().startsWith(accept)) return response;
  await response.body?.cancel();
  throw foreign(accept, type);
}

/** What is no answer of a hub. */
export function foreign(expected: string, got: string) {
  return failure("bad-response", expected, `${got}; check "url"`);
}

async function readOption<Name extends "url" | "headers">(context: Context, name: Name) {
  const option = context[name];
  try {
    // None of the values is itself a function.
    return (await (typeof option === "function" ? option() : option)) as Awaited<
      ReturnType<Extract<Context[Name], () => unknown>>
    >;
  } catch (cause) {
    throw failure("option-failed", `"${name}" to return`, String(cause), { reason: "bad-response", cause });
  }
}

async function toRefusal(response: Response) {
  const { status, headers } = response;
  // What is no problem document says nothing more than its status. The server's word, so whoever uses a member has to look.
  const { channels, code, detail } = await readJson<Problem>(response);
  const isNamed = Array.isArray(channels);
  const reason = REASONS[status] ?? (MAY_PASS.test(`${status}`) ? "unavailable" : "rejected");
  return failure("refused", "an answer", JSON.stringify({ status, code, detail }), {
    // A page that is not found, rather than a channel, is a wrong address.
    reason: reason === "unknown" && !isNamed ? "rejected" : reason,
    channels: isNamed ? channels : undefined,
    // A date, which HTTP allows too, is NaN here and counts as none.
    retryAfter: (Number(headers.get("retry-after")) || 0) * 1_000,
  });
}

/** All members are optional: it is only what the server says. What is no JSON has none. @throws what breaks while it is read */
export async function readJson<Value>(response: Response): Promise<Partial<Value>> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) throw error;
  });
  return Object(value) as Partial<Value>;
}
