import { fingerprint, isCanonicalPath, type Contract } from "@tidings/contract";
import {
  createProblem,
  formatControl,
  formatRetry,
  negotiate,
  PAGE_HEADERS,
  parseRequest,
  PROBLEM_HEADERS,
  STREAM_HEADERS,
  type ParsedRequest,
  type Problem,
  type ProblemCode,
} from "@tidings/protocol";
import { authorizeAll, type Access } from "./access.ts";
import type { Beginning } from "./connection.ts";
import type { HubOptions, HubRequest, Viewer } from "./hub-options.ts";
import type { Limits } from "./limits.ts";
import { createOriginPolicy, PREFLIGHT_HEADERS, type OriginPolicy } from "./origin.ts";
import { makePage, type PageSources } from "./pages.ts";
import type { Ring } from "./ring.ts";
import type { Sink, StreamControl } from "./sink.ts";
import { findStart } from "./start.ts";
import type { Trace } from "./trace.ts";

/** What an adapter sends back: a whole answer, or a stream to open once the head is written. */
export type HubResponse = WholeResponse | StreamResponse;

export interface WholeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD. */
  readonly body: string;
}

export interface StreamResponse {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  open(sink: Sink): StreamControl;
}

/** What a request handler needs of its hub. */
export interface Reception extends PageSources {
  readonly contract: Contract;
  readonly ring: Ring;
  readonly limits: Limits;
  readonly heartbeat: number;
  readonly random: () => number;
  readonly trace: Trace;
  /** Resolves when the ring stands; rejects when the log does not answer. */
  ready(): Promise<void>;
  isDraining(): boolean;
  open(sink: Sink, beginning: Beginning, access: Access): StreamControl;
}

type Options = Pick<HubOptions<Contract, Viewer>, "authenticate" | "authorize" | "cors">;

/** Seconds after which a client that was sent away should come back. */
const RETRY_AFTER = 5;

/** An answer that is an error. */
class Refusal extends Error {
  readonly problem: Problem;

  constructor(status: number, code: ProblemCode, extra?: { readonly detail?: string; readonly channels?: readonly string[] }) {
    super(extra?.detail ?? code);
    this.problem = createProblem(status, code, extra);
  }
}

/** Turns requests into answers: the order of its checks is the order of PROTOCOL.md, and nothing reads the log before all have passed. */
export class RequestHandler {
  readonly #reception: Reception;
  readonly #authenticate: NonNullable<Options["authenticate"]>;
  readonly #authorize: Options["authorize"];
  readonly #origins: OriginPolicy;
  readonly #fingerprint: string;
  #anonymous = 0;

  constructor(reception: Reception, options: Options) {
    this.#reception = reception;
    this.#authenticate = options.authenticate ?? (() => ({ id: `anonymous-${++this.#anonymous}` }));
    this.#authorize = options.authorize;
    this.#origins = createOriginPolicy(options.cors);
    this.#fingerprint = fingerprint(reception.contract);
  }

  async handle(request: HubRequest): Promise<HubResponse> {
    const shared: Record<string, string> = { vary: "Accept, Origin" };
    try {
      const cors = this.#origins.check(request);
      if (cors === null) throw new Refusal(403, "bad-origin", { detail: "Pages of this origin may not read here." });
      Object.assign(shared, cors);
      if (request.method === "OPTIONS") return { status: 204, headers: { ...shared, ...PREFLIGHT_HEADERS }, body: "" };
      const response = await this.#answer(request);
      return { ...response, headers: { ...shared, ...response.headers } };
    } catch (error) {
      return this.#toProblem(request, shared, error);
    }
  }

  async #answer(request: HubRequest): Promise<HubResponse> {
    const { limits, trace } = this.#reception;
    if (!["GET", "HEAD", "POST"].includes(request.method)) {
      throw new Refusal(405, "bad-method", { detail: `Expected GET, HEAD or POST, got ${request.method}.` });
    }
    if (request.url.length > limits.urlBytes) throw new Refusal(414, "too-large", { detail: "Send a long list of channels as POST." });
    const representation = negotiate(request.headers.get("accept"));
    if (representation === null) {
      throw new Refusal(406, "not-acceptable", { detail: "Accept text/event-stream or application/json." });
    }
    const asked = await this.#parse(request);
    this.#checkPaths(asked);

    const viewer = await this.#authenticate(request);
    if (viewer === null) throw new Refusal(401, "unauthenticated");
    const stream = representation === "stream";
    if (stream) this.#checkRoom(viewer);
    const access = await authorizeAll(this.#reception.contract, this.#authorize, viewer, asked.channels.keys());
    this.#checkAccess(access);
    for (const [path, detail] of access.refused) {
      trace.add({ level: "debug", event: "refuse", viewer: viewer.id, channel: path, detail });
    }
    if (request.method === "HEAD") return { status: 200, headers: stream ? STREAM_HEADERS : PAGE_HEADERS, body: "" };
    return stream ? this.#stream(asked, viewer, access) : this.#page(asked, access, request.signal);
  }

  async #stream(asked: ParsedRequest, viewer: Viewer, access: Access): Promise<HubResponse> {
    const { log, ring, limits, clock, random, heartbeat, connections } = this.#reception;
    await this.#ready();
    const start = await findStart(log, ring, asked, access);
    const ends = [viewer, ...Array.from(access.granted.values(), ({ grant }) => grant)].flatMap(({ expiresAt }) => expiresAt ?? []);
    const maxAge = clock.now() + limits.maxAge * (0.9 + 0.2 * random());
    const expiry = Math.min(...ends);
    const beginning: Beginning = {
      ...start,
      viewer,
      refused: access.refused,
      deadline: expiry < maxAge ? { at: expiry, reason: "expired" } : { at: maxAge, reason: "max-age" },
      // The more there are to come back at once, the longer they are told to spread.
      retry: 1_000 + random() * Math.min(59_000, 2_000 + connections.size / 4),
      heartbeat,
      fingerprint: this.#fingerprint,
    };
    // Asked again: others may have come while the log was read.
    this.#checkRoom(viewer);
    return { status: 200, headers: STREAM_HEADERS, open: (sink) => this.#reception.open(sink, beginning, access) };
  }

  async #page(asked: ParsedRequest, access: Access, signal: AbortSignal): Promise<HubResponse> {
    const { log, ring, snapshots } = this.#reception;
    const without = [...access.granted.values()].filter(({ address }) => !snapshots.has(address)).map(({ address }) => address.path);
    if (asked.snapshot && without.length > 0) {
      throw new Refusal(404, "no-snapshot", { detail: "These channels have no snapshot.", channels: without });
    }
    await this.#ready();
    const start = await findStart(log, ring, asked, access);
    const body = await makePage(this.#reception, asked, access, start, signal);
    return { status: 200, headers: PAGE_HEADERS, body };
  }

  async #ready(): Promise<void> {
    try {
      await this.#reception.ready();
    } catch (error) {
      this.#reception.trace.add({ level: "error", event: "read-failed", error });
      throw new Refusal(503, "unavailable", { detail: "The log does not answer." });
    }
  }

  async #parse(request: HubRequest): Promise<ParsedRequest> {
    const query = new URL(request.url, "http://hub.invalid").searchParams;
    const body = request.method === "POST" ? await this.#body(request) : null;
    const asked = parseRequest(query, request.headers.get("last-event-id"), body);
    if (typeof asked === "string") throw new Refusal(400, "bad-request", { detail: asked });
    return asked;
  }

  async #body(request: HubRequest): Promise<unknown> {
    try {
      return (await request.json(this.#reception.limits.bodyBytes)) ?? {};
    } catch (error) {
      if (error instanceof RangeError) throw new Refusal(413, "too-large", { detail: error.message });
      throw new Refusal(400, "bad-request", { detail: "Expected a JSON body." });
    }
  }

  #checkPaths({ channels }: ParsedRequest): void {
    const { limits } = this.#reception;
    if (channels.size > limits.channels) {
      throw new Refusal(400, "bad-request", { detail: `Expected ${limits.channels} channels at most, got ${channels.size}.` });
    }
    const bad = [...channels.keys()].filter((path) => !isCanonicalPath(path));
    if (bad.length > 0) throw new Refusal(400, "bad-channel", { detail: "These paths are not canonical.", channels: bad });
  }

  #checkRoom(viewer: Viewer): void {
    const { connections, limits } = this.#reception;
    if (this.#reception.isDraining()) throw new Refusal(503, "draining");
    if (connections.size >= limits.connections) throw new Refusal(503, "limit", { detail: "This server has no room for more streams." });
    if (connections.ofViewer(viewer.id) >= limits.connectionsPerViewer) {
      throw new Refusal(429, "limit", { detail: `Expected ${limits.connectionsPerViewer} streams of one viewer at most.` });
    }
  }

  #checkAccess({ granted, refused }: Access): void {
    if (granted.size > 0) return;
    const channels = [...refused.keys()];
    if ([...refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
    throw new Refusal(404, "unknown-channel", { channels });
  }

  #toProblem(request: HubRequest, shared: Readonly<Record<string, string>>, error: unknown): WholeResponse {
    const refusal = error instanceof Refusal ? error : new Refusal(500, "internal");
    if (refusal !== error) this.#reception.trace.add({ level: "error", event: "request-failed", error });
    const { problem } = refusal;
    const busy = problem.status === 429 || problem.status === 503;
    if (busy && isNativeStream(request)) return sendAway(shared, problem, this.#reception.random());
    return {
      status: problem.status,
      headers: { ...shared, ...PROBLEM_HEADERS, ...(busy ? { "retry-after": String(RETRY_AFTER) } : {}) },
      body: request.method === "HEAD" ? "" : JSON.stringify(problem),
    };
  }
}

/** Whether the client may be a native EventSource, which gives up for ever on an error status. */
function isNativeStream({ method, url, headers }: HubRequest): boolean {
  const query = new URL(url, "http://hub.invalid").searchParams;
  return method === "GET" && query.get("protocol") === null && negotiate(headers.get("accept")) === "stream";
}

function sendAway(shared: Readonly<Record<string, string>>, problem: Problem, random: number): WholeResponse {
  const retry = (RETRY_AFTER + random * 2 * RETRY_AFTER) * 1_000;
  const bye = formatControl("bye", { reason: problem.code === "draining" ? "draining" : "limit" });
  return { status: 200, headers: { ...shared, ...STREAM_HEADERS }, body: formatRetry(retry) + bye };
}
