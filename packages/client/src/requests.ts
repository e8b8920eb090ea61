import {
  formatBody,
  formatQuery,
  parseCursor,
  type EventRequest,
  type PageBody,
  type Problem,
} from "@tidings/protocol";
import type { ClientOptions } from "./client-options.ts";
import type { Clock } from "./clock.ts";
import { Refusal } from "./refusal.ts";
import { StreamError } from "./stream-error.ts";

/** Longer queries travel as POST. */
const LONGEST_QUERY = 7_000;

/** Makes the client's HTTP requests: address, credentials, time limit. */
export class Requests {
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  readonly #options: ClientOptions;
  readonly #clock: Clock;

  constructor(options: ClientOptions, clock: Clock) {
    this.timeout = options.connectTimeout ?? 15_000;
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Opens a stream; the answer's head has arrived and is a stream's. Aborting the signal ends it.
   * @throws Refusal, StreamError `bad-response`, `option-failed`, `network`
   */
  stream(request: EventRequest, signal: AbortSignal): Promise<Response> {
    return unlessAborted(this.#send(request, "text/event-stream", signal), signal);
  }

  /** @throws Refusal, StreamError `bad-response`, `option-failed`, `network`, `timeout`, `closed` */
  async page(request: EventRequest, signal: AbortSignal): Promise<PageBody> {
    const limit = new AbortController();
    const abort = () => limit.abort();
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    const stop = this.#clock.setTimeout(abort, this.timeout);
    try {
      return await unlessAborted(this.#readPage(request, limit.signal), limit.signal);
    } catch (cause) {
      if (signal.aborted) throw new StreamError("closed", "The client was closed.", { cause });
      if (limit.signal.aborted)
        throw new StreamError("timeout", `Expected a page within ${this.timeout} ms, got none.`, { cause });
      throw cause;
    } finally {
      stop();
      signal.removeEventListener("abort", abort);
    }
  }

  async #readPage(request: EventRequest, signal: AbortSignal): Promise<PageBody> {
    const response = await this.#send(request, "application/json", signal);
    const body: Partial<PageBody> | null = await readJson(response);
    // The rest is the server's word; its events are checked by the contract one by one.
    if (Array.isArray(body?.events) && parseCursor(String(body.cursor)) !== null) return body as PageBody;
    throw new StreamError(
      "bad-response",
      'Expected a page with events and a cursor, got other JSON; check that "url" is the hub\'s.',
    );
  }

  async #send(request: EventRequest, accept: string, signal: AbortSignal): Promise<Response> {
    const { url, headers, credentials, fetch = globalThis.fetch } = this.#options;
    const base = await readOption("url", url);
    const sent = new Headers(await readOption("headers", headers));
    const { query, body } = encode(request);
    sent.set("accept", accept);
    if (body !== null) sent.set("content-type", "application/json");
    const response = await fetch(`${base}${base.includes("?") ? "&" : "?"}${query}`, {
      headers: sent,
      cache: "no-store",
      signal,
      ...(credentials === undefined ? {} : { credentials }),
      ...(body === null ? {} : { method: "POST", body }),
    }).catch((cause: unknown) => {
      throw new StreamError("network", "Expected an answer of the server, got no connection.", { cause });
    });
    // Nobody waits any more: a fetch that does not heed the signal would leave the connection open.
    if (signal.aborted) await response.body?.cancel();
    await check(response, accept);
    return response;
  }
}

async function readOption<Value>(name: string, option: Value | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    // None of the values is itself a function.
    return await (typeof option === "function" ? (option as () => Value | Promise<Value>)() : option);
  } catch (cause) {
    throw new StreamError(
      "option-failed",
      `Expected "${name}" to return what a request needs, got an error: ${String(cause)}`,
      { cause },
    );
  }
}

/** Also for options that never settle, and for a fetch that does not heed the signal. */
function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", reject);
    work.then(resolve, reject);
    if (signal.aborted) reject(signal.reason);
  });
}

function encode(request: EventRequest): { readonly query: string; readonly body: string | null } {
  const query = formatQuery(request);
  if (query.length <= LONGEST_QUERY) return { query, body: null };
  const { after: _after, ...rest } = request;
  return { query: formatQuery({ ...rest, channels: new Map() }), body: formatBody(request) };
}

async function check(response: Response, accept: string): Promise<void> {
  if (response.status === 200) {
    const type = response.headers.get("content-type") ?? "none";
    if (type.split(";")[0]?.trim().toLowerCase() === accept) return;
    await response.body?.cancel();
    throw new StreamError("bad-response", `Expected ${accept}, got ${type}; check that "url" is the hub's.`);
  }
  const seconds = Number(response.headers.get("retry-after"));
  // What is no problem document says nothing more than its status.
  const problem: Partial<Problem> | null = await readJson(response);
  // A date, which HTTP allows too, is NaN here and counts as none.
  throw new Refusal(response.status, problem ?? {}, seconds > 0 ? seconds * 1_000 : 0);
}

/** What the server says it is; null for what is no JSON object. All members are optional, so whoever uses one has to look. */
async function readJson<Value>(response: Response): Promise<Partial<Value> | null> {
  const value: unknown = await response.json().catch(() => null);
  return typeof value === "object" ? value : null;
}
