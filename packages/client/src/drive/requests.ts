import { formatRequest, type EventRequest } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { badOption, foreign } from "./failure.ts";
import { discard } from "./read-json.ts";
import { readOption } from "./read-option.ts";
import { toRefusal } from "./refusal.ts";

/** The parts of a request. */
type RequestSettings = Pick<
  Settings,
  "clock" | "url" | "identity" | "fetch" | "credentials" | "maxEventBytes" | "allowance"
>;

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
  const { clock, identity, fetch, credentials, maxEventBytes, allowance } = settings;
  signal.throwIfAborted();
  const url = withoutFragment(await readOption("url", settings.url, null));
  signal.throwIfAborted();
  const given = await identity.read();
  const headers = new Headers(given.headers);
  headers.set("accept", accept);
  const { query, body } = formatRequest(request, allowance.url - url.length);
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
  const { status } = response;
  if (status !== 200) {
    const refusal = await toRefusal(response, clock.now(), maxEventBytes, request.channels, body !== undefined);
    // A shorter URL may be accepted. With 431, servers count the whole head of a request.
    const isTooLong = status === 414 || status === 431;
    if (isTooLong && !body) {
      allowance.url = 0;
      return send(settings, request, accept, signal, read);
    }
    allowance.channels = Math.min(allowance.channels, refusal.most ?? Infinity);
    if (refusal.reason === "unauthenticated") {
      identity.note(given.call, false);
    }
    throw refusal;
  }
  identity.note(given.call, true);
  const type = String(response.headers.get("content-type"));
  if (type.toLowerCase().startsWith(accept) && !signal.aborted) {
    // In the same moment, so that no abort comes between.
    return read(response);
  }
  // The answer is not usable, or the request was aborted. A fetch that ignores the signal would leave the connection
  // open.
  discard(response);
  throw foreign(accept, type);
}

/** A url without its fragment, which is not part of a request. */
export function withoutFragment(url: string | URL): string {
  if (typeof url !== "string" && !(url instanceof URL)) {
    throw badOption('"url" to be a text or a URL', typeof url);
  }
  return String(url).replace(/#.*/s, "");
}
