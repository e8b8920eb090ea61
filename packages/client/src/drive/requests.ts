import { formatRequest, type EventRequest, type Problem } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import type { Reason } from "../status.ts";
import { failure } from "./failure.ts";

/** What a request is made of. */
type RequestSettings = Pick<Settings, "url" | "headers" | "fetch" | "credentials" | "network">;

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
 * Makes one request. When it resolves, the head of the answer has arrived, and the answer is of the type that was asked
 * for.
 * @throws Ending
 */
export async function send(
  settings: RequestSettings,
  request: EventRequest,
  accept: string,
  signal: AbortSignal,
): Promise<Response> {
  const { fetch, credentials, network } = settings;
  refuseAborted(signal);
  if (!network.isOnline()) {
    throw failure("network", "a network", "none", { reason: "offline" });
  }
  const url = await read("url", settings.url);
  refuseAborted(signal);
  const headers = new Headers(await read("headers", settings.headers));
  headers.set("accept", accept);
  const { query, body } = formatRequest(request);
  if (body) {
    headers.set("content-type", "application/json");
  }
  refuseAborted(signal);
  const response = await fetch(`${url}${url.includes("?") ? "&" : "?"}${query}`, {
    headers,
    credentials,
    cache: "no-store",
    signal,
    ...(body && { method: "POST", body }),
  });
  if (response.status !== 200) {
    throw await toRefusal(response);
  }
  const type = String(response.headers.get("content-type"));
  if (type.toLowerCase().startsWith(accept) && !signal.aborted) {
    return response;
  }
  // It is of no use, or nobody waits any more. A fetch that ignores the signal would leave the connection open.
  await response.body?.cancel();
  throw foreign(accept, type);
}

/** An answer that does not come from a hub. */
export function foreign(expected: string, got: string) {
  return failure("bad-response", expected, `${got}; check "url"`);
}

/** Nobody waits for the request any more. The outcome has been told already, so nobody sees this error. */
function refuseAborted({ aborted }: AbortSignal): void {
  if (aborted) {
    throw new Error();
  }
}

/** The value of an option that may be a function. None of the values is itself a function. */
async function read<Value>(name: string, option: Value | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    return typeof option === "function" ? await (option as () => Value | Promise<Value>)() : option;
  } catch (cause) {
    throw failure("option-failed", `"${name}" to return`, String(cause), { reason: "bad-response", cause });
  }
}

async function toRefusal(response: Response) {
  const { status, headers } = response;
  // What is not a problem document says nothing more than its status. The members are the server's word: they are
  // checked here.
  const { channels, code, detail } = await readJson<Problem>(response);
  const paths = Array.isArray(channels) ? channels : undefined;
  // A page that is not found, rather than a channel, is a wrong address.
  const isWrongAddress = status === 404 && !paths;
  const fallback = status >= 500 ? "unavailable" : "rejected";
  return failure("refused", "an answer", JSON.stringify({ status, code, detail }), {
    reason: isWrongAddress ? "rejected" : (REASONS[status] ?? fallback),
    channels: paths,
    // HTTP allows a date, too. It is NaN here and counts as none.
    retryAfter: (Number(headers.get("retry-after")) || 0) * 1_000,
  });
}

/**
 * The members of a JSON answer. All are optional: they are only what the server says. An answer that is not JSON has
 * none.
 * @throws what breaks while it is read
 */
export async function readJson<Value>(response: Response): Promise<Partial<Value>> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  });
  return Object(value) as Partial<Value>;
}
