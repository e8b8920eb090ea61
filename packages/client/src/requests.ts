import { formatBody, formatQuery, type EventRequest, type PageBody, type Problem } from "@tidings/protocol";
import type { ClientOptions } from "./client-options.ts";
import type { Clock } from "./clock.ts";
import { StreamError } from "./stream-error.ts";

/** An answer that is no success: what the server said, as far as it could be read. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** Milliseconds. */
  readonly retryAfter: number;

  constructor(status: number, problem: Partial<Problem>, retryAfter: number) {
    super(`${status} ${problem.code ?? ""} ${problem.detail ?? ""}`.trim());
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** URLs that are longer travel as POST. */
const LONGEST_QUERY = 7_000;

/** Makes the client's HTTP requests: address, credentials, time limit. */
export class Requests {
  readonly #options: ClientOptions;
  readonly #clock: Clock;

  constructor(options: ClientOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Opens a stream; the answer's head has arrived and is a stream's. Aborting the signal ends it.
   * @throws Refused, or StreamError `network`, `timeout`, `bad-response`
   */
  async stream(request: EventRequest, signal: AbortSignal): Promise<Response> {
    const limit = this.#limit(signal);
    try {
      return await this.#send(request, "text/event-stream", limit.signal);
    } catch (cause) {
      throw this.#explain(cause, limit.signal, signal);
    } finally {
      limit.stop();
    }
  }

  /** @throws Refused, or StreamError `network`, `timeout`, `bad-response` */
  async page(request: EventRequest, signal: AbortSignal): Promise<PageBody> {
    const limit = this.#limit(signal);
    try {
      const response = await this.#send(request, "application/json", limit.signal);
      // The server's word for it; its events are checked by the contract one by one.
      return (await response.json()) as PageBody;
    } catch (cause) {
      throw this.#explain(cause, limit.signal, signal);
    } finally {
      limit.stop();
      limit.release();
    }
  }

  async #send(request: EventRequest, accept: string, signal: AbortSignal): Promise<Response> {
    const { url, headers = {}, credentials = "same-origin", fetch = globalThis.fetch } = this.#options;
    const base = typeof url === "function" ? await url() : url;
    const own = typeof headers === "function" ? await headers() : headers;
    const { query, body } = encode(request);
    const response = await fetch(`${base}${base.includes("?") ? "&" : "?"}${query}`, {
      method: body === null ? "GET" : "POST",
      headers: { ...own, accept, ...(body === null ? {} : { "content-type": "application/json" }) },
      credentials,
      cache: "no-store",
      signal,
      ...(body === null ? {} : { body }),
    });
    await check(response, accept);
    return response;
  }

  /** A signal that also ends when time is up, until `stop` is called; `release` unties it from the given one. */
  #limit(signal: AbortSignal) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    return {
      signal: controller.signal,
      stop: this.#clock.setTimeout(abort, this.#timeout),
      release: () => signal.removeEventListener("abort", abort),
    };
  }

  #explain(cause: unknown, limited: AbortSignal, given: AbortSignal): Refused | StreamError {
    if (cause instanceof Refused || cause instanceof StreamError) return cause;
    if (given.aborted) return new StreamError("closed", "The request was given up by the client.", { cause });
    if (limited.aborted) {
      return new StreamError("timeout", `Expected an answer within ${this.#timeout} ms, got none.`, { cause });
    }
    return new StreamError("network", "Expected a connection to the server, got none.", { cause });
  }

  get #timeout(): number {
    return this.#options.connectTimeout ?? 15_000;
  }
}

function encode(request: EventRequest): { readonly query: string; readonly body: string | null } {
  const query = formatQuery(request);
  if (query.length <= LONGEST_QUERY) return { query, body: null };
  const { channels, after, ...rest } = request;
  return { query: formatQuery({ ...rest, channels: new Map() }), body: formatBody({ channels, after: after ?? null }) };
}

async function check(response: Response, accept: string): Promise<void> {
  if (response.status === 200) {
    const type = response.headers.get("content-type") ?? "none";
    if (type.split(";")[0]?.trim() === accept) return;
    await response.body?.cancel();
    throw new StreamError("bad-response", `Expected ${accept}, got ${type}; check that "url" is the hub's.`);
  }
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  throw new Refused(response.status, await readProblem(response), Number.isFinite(seconds) ? seconds * 1_000 : 0);
}

async function readProblem(response: Response): Promise<Partial<Problem>> {
  try {
    const problem: unknown = await response.json();
    return typeof problem === "object" && problem !== null ? problem : {};
  } catch {
    return {};
  }
}
