import { formatRequest, type EventRequest, type Problem } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import type { Reason } from "../status.ts";
import { unexpected } from "../stream-error.ts";
import { failure, type Failure } from "./failure.ts";

/** The parts of a request. */
type RequestSettings = Pick<Settings, "url" | "headers" | "fetch" | "credentials" | "network">;

/** The meaning of a status, for a stream and for a page. */
const REASONS: Readonly<Record<number, Reason>> = {
  204: "finished",
  401: "unauthenticated",
  403: "forbidden",
  408: "unavailable",
  429: "unavailable",
};

/**
 * Makes one request.
 * @param read reads the answer, which is of the type that was asked for
 * @throws Failure; something else once the signal has aborted, since the outcome has been reported then
 */
export async function send<Result>(
  settings: RequestSettings,
  request: EventRequest,
  accept: string,
  signal: AbortSignal,
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const { fetch, credentials, network } = settings;
  signal.throwIfAborted();
  if (!network.isOnline()) {
    throw { reason: "offline", error: unexpected("network", "a network", "none") } satisfies Failure;
  }
  const url = await readOption("url", settings.url);
  signal.throwIfAborted();
  const headers = new Headers(await readOption("headers", settings.headers));
  headers.set("accept", accept);
  const { query, body } = formatRequest(request);
  if (body) {
    headers.set("content-type", "application/json");
  }
  signal.throwIfAborted();
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
    // In the same moment, so that no abort comes between.
    return read(response);
  }
  // The answer is not usable, or the request was aborted. A fetch that ignores the signal would leave the connection
  // open.
  await response.body?.cancel();
  throw foreign(accept, type);
}

/** An answer that does not come from a hub. */
export function foreign(expected: string, got: string): Failure {
  return failure("bad-response", expected, `${got}; check "url"`);
}

/** The value of an option that may be a function. None of the values is itself a function. */
async function readOption<Value>(name: string, option: Value | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    return typeof option === "function" ? await (option as () => Value | Promise<Value>)() : option;
  } catch (cause) {
    const error = unexpected("option-failed", `"${name}" to return`, String(cause), { cause });
    throw { reason: "bad-response", error } satisfies Failure;
  }
}

function reasonOf(status: number, paths: readonly string[] | undefined): Reason {
  // If the URL is not found, rather than a channel, the address of the hub is wrong.
  if (status === 404 && paths) {
    return "unknown";
  }
  return REASONS[status] ?? (status >= 500 ? "unavailable" : "rejected");
}

async function toRefusal(response: Response): Promise<Failure> {
  const { status, headers } = response;
  // Without a problem document, only the status counts. The server may send members of any type, so they are checked.
  const { channels, code, detail } = await readJson<Problem>(response);
  const paths = Array.isArray(channels) ? channels : undefined;
  const reason = reasonOf(status, paths);
  return {
    reason,
    error: unexpected("refused", "an answer", JSON.stringify({ status, code, detail })),
    // What is not available is refused to nobody.
    channels: reason === "unavailable" ? undefined : paths,
    // HTTP allows a date, too. It is NaN here and counts as none.
    retryAfter: (Number(headers.get("retry-after")) || 0) * 1_000,
  };
}

/**
 * The members of a JSON answer. All are optional, since the server may omit them. An answer that is not JSON has none.
 * @throws the error of a body that breaks while it is read
 */
export async function readJson<Value>(response: Response): Promise<Partial<Value>> {
  const value: unknown = await response.json().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  });
  return Object(value) as Partial<Value>;
}
