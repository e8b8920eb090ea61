import { fingerprint, isCanonicalPath, type Contract } from "@tidings/contract";
import { negotiate, PAGE_HEADERS, parseRequest, STREAM_HEADERS, type ParsedRequest } from "@tidings/protocol";
import { authorizeAll, endOf, timeOf, type Access } from "./access.ts";
import type { Beginning } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { HubOptions, HubRequest, Viewer } from "./hub-options.ts";
import type { Limits } from "./limits.ts";
import type { Orders } from "./orders.ts";
import { createOriginPolicy, PREFLIGHT_HEADERS, type OriginPolicy } from "./origin.ts";
import { makePage, type PageSources } from "./pages.ts";
import { queryOf, Refusal } from "./refusal.ts";
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

/** A stream that may be opened. */
export interface Admission {
  readonly beginning: Beginning;
  readonly access: Access;
  /** Of the orders that were known when `authorize` was asked. */
  readonly orders: number;
}

/** What a request handler needs of its hub. */
export interface Reception extends PageSources {
  readonly contract: Contract;
  readonly connections: Connections;
  readonly orders: Orders;
  readonly limits: Limits;
  readonly heartbeat: number;
  readonly random: () => number;
  readonly trace: Trace;
  /** Resolves when the ring stands; rejects when the log does not answer. */
  ready(): Promise<void>;
  open(sink: Sink, admission: Admission): StreamControl;
}

type Options = Pick<HubOptions<Contract, Viewer>, "authenticate" | "authorize" | "cors">;

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

  /** Never rejects. */
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
      const { trace, random } = this.#reception;
      const refusal = error instanceof Refusal ? error : new Refusal(500, "internal");
      if (refusal !== error) trace.add({ level: "error", event: "request-failed", error });
      const answer = refusal.answer(request, random());
      return { ...answer, headers: { ...shared, ...answer.headers } };
    }
  }

  async #answer(request: HubRequest): Promise<HubResponse> {
    const { limits, isDraining } = this.#reception;
    if (!["GET", "HEAD", "POST"].includes(request.method)) {
      throw new Refusal(405, "bad-method", { detail: `Expected GET, HEAD or POST, got ${request.method}.` });
    }
    if (request.url.length > limits.urlBytes)
      throw new Refusal(414, "too-large", { detail: "Send a long list of channels as POST." });
    const representation = negotiate(request.headers.get("accept"));
    if (representation === null) {
      throw new Refusal(406, "not-acceptable", { detail: "Accept text/event-stream or application/json." });
    }
    if (isDraining()) throw new Refusal(503, "draining");
    const asked = await this.#parse(request);
    this.#checkPaths(asked);
    if (representation === "stream") return this.#stream(request, asked);
    return this.#page(request, asked);
  }

  async #stream(request: HubRequest, asked: ParsedRequest): Promise<HubResponse> {
    const { limits, clock, random, heartbeat, connections, orders } = this.#reception;
    const known = orders.count;
    const { viewer, access } = await this.#admit(request, asked, true);
    if (request.method === "HEAD") return { status: 200, headers: STREAM_HEADERS, body: "" };
    await this.#ready();
    const start = await this.#ask(() => findStart(this.#reception, asked, access));
    const beginning: Beginning = {
      ...start,
      viewer,
      refused: access.refused,
      expiresAt: endOf(viewer, access),
      oldAt: clock.now() + limits.maxAge * (0.9 + 0.2 * random()),
      // The more there are to come back at once, the longer they are told to spread.
      retry: 1_000 + random() * Math.min(59_000, 2_000 + connections.size / 4),
      heartbeat,
      fingerprint: this.#fingerprint,
    };
    // Asked again: others may have come while the log was read.
    this.#checkRoom(viewer);
    const open = (sink: Sink) => this.#reception.open(sink, { beginning, access, orders: known });
    return { status: 200, headers: STREAM_HEADERS, open };
  }

  async #page(request: HubRequest, asked: ParsedRequest): Promise<HubResponse> {
    const { connections, orders } = this.#reception;
    // History and snapshots do not go on from a position.
    const goesOn = !asked.snapshot && asked.last === 0 && asked.before === null;
    const from = goesOn ? asked : { ...asked, after: null, last: 0 };
    for (let wait = asked.wait; ; wait = 0) {
      const known = orders.count;
      const { viewer, access } = await this.#admit(request, asked, wait > 0);
      this.#checkSnapshots(asked, access);
      if (request.method === "HEAD") return { status: 200, headers: PAGE_HEADERS, body: "" };
      await this.#ready();
      connections.enter(viewer.id);
      try {
        const body = await this.#ask(async () => {
          const start = await findStart(this.#reception, from, access);
          return makePage(this.#reception, { ...asked, wait }, access, start, endOf(viewer, access), request.signal);
        });
        // Who may read has changed while the page waited: asked again, and then answered at once.
        if (!orders.hasNews(known, viewer.id, access.granted)) return { status: 200, headers: PAGE_HEADERS, body };
      } finally {
        connections.leave(viewer.id);
      }
    }
  }

  /** Says who is asking and what they may read. @param stays whether the answer takes room for a while */
  async #admit(request: HubRequest, asked: ParsedRequest, stays: boolean): Promise<{ viewer: Viewer; access: Access }> {
    const { contract, clock, trace } = this.#reception;
    const viewer: unknown = await this.#authenticate(request);
    if (viewer === null || viewer === undefined || viewer === false) throw new Refusal(401, "unauthenticated");
    if (!isViewer(viewer))
      throw new TypeError(`Expected authenticate to answer null or a viewer with a string "id", got ${typeof viewer}.`);
    if (timeOf(viewer.expiresAt) <= clock.now())
      throw new Refusal(401, "unauthenticated", { detail: "The credentials have expired." });
    if (stays) this.#checkRoom(viewer);
    const access = await authorizeAll(contract, this.#authorize, viewer, asked.channels.keys(), clock.now());
    for (const [path, detail] of access.refused) {
      trace.add({ level: "debug", event: "refuse", viewer: viewer.id, channel: path, detail });
    }
    if (access.granted.size > 0) return { viewer, access };
    const channels = [...access.refused.keys()];
    if ([...access.refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
    throw new Refusal(404, "unknown-channel", { channels });
  }

  #ready(): Promise<void> {
    return this.#ask(() => this.#reception.ready());
  }

  /** Asks the log. */
  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const { trace, isDraining } = this.#reception;
    try {
      return await question();
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (isDraining()) throw new Refusal(503, "draining");
      trace.add({ level: "error", event: "read-failed", error });
      throw new Refusal(503, "unavailable", { detail: "The log does not answer." });
    }
  }

  async #parse(request: HubRequest): Promise<ParsedRequest> {
    const body = request.method === "POST" ? await this.#body(request) : null;
    const asked = parseRequest(queryOf(request), request.headers.get("last-event-id"), body);
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
      throw new Refusal(400, "bad-request", {
        detail: `Expected ${limits.channels} channels at most, got ${channels.size}.`,
      });
    }
    const bad = [...channels.keys()].filter((path) => !isCanonicalPath(path));
    if (bad.length > 0)
      throw new Refusal(400, "bad-channel", { detail: "These paths are not canonical.", channels: bad });
  }

  #checkRoom(viewer: Viewer): void {
    const { connections, limits, isDraining } = this.#reception;
    if (isDraining()) throw new Refusal(503, "draining");
    const full = connections.fullFor(viewer.id);
    if (full === "hub") throw new Refusal(503, "limit", { detail: "This server has no room for more streams." });
    if (full === "viewer") {
      throw new Refusal(429, "limit", {
        detail: `Expected ${limits.connectionsPerViewer} streams of one viewer at most.`,
      });
    }
  }

  #checkSnapshots(asked: ParsedRequest, { granted }: Access): void {
    if (!asked.snapshot) return;
    const { snapshots } = this.#reception;
    const channels = [...granted.values()]
      .filter(({ address }) => !snapshots.has(address))
      .map(({ address }) => address.path);
    if (channels.length > 0)
      throw new Refusal(404, "no-snapshot", { detail: "These channels have no snapshot.", channels });
  }
}

function isViewer(viewer: unknown): viewer is Viewer {
  return typeof viewer === "object" && viewer !== null && "id" in viewer && typeof viewer.id === "string";
}
