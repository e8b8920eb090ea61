import { isCanonicalPath } from "@tidings/contract";
import { negotiate, PAGE_HEADERS, parseRequest, STREAM_HEADERS, type ParsedRequest } from "@tidings/protocol";
import { authorizeAll, endOf, timeOf, type Access } from "./access.ts";
import { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import type { HubRequest, Viewer } from "./hub-options.ts";
import { PREFLIGHT_HEADERS } from "./origin.ts";
import { makePage } from "./pages.ts";
import { longRetry, queryOf, Refusal, refuse } from "./refusal.ts";
import type { HubResponse, Sink, StreamControl } from "./sink.ts";
import { findStart, type Start } from "./start.ts";

/**
 * Turns a request into an answer: the order of the checks is the order of PROTOCOL.md, and nothing reads the log before all have
 * passed. Never rejects.
 */
export async function handleRequest(context: Context, request: HubRequest): Promise<HubResponse> {
  const { originPolicy, trace, random } = context;
  // Node hands on whatever has come, be it thousands in one turn of the event loop.
  await context.arrivals.begin();
  const cors = originPolicy(request);
  const response = await answer(context, request, cors !== null).catch((error: unknown) => {
    if (!(error instanceof Refusal)) trace.add("error", "request-failed", { error });
    return refuse(error instanceof Refusal ? error : new Refusal(500, "internal"), request, random());
  });
  return { ...response, headers: { vary: "Accept, Origin", ...cors, ...response.headers } };
}

async function answer(context: Context, request: HubRequest, isOriginAllowed: boolean): Promise<HubResponse> {
  const { method, url, headers } = request;
  if (!isOriginAllowed) throw new Refusal(403, "bad-origin", { detail: "Pages of this origin may not read here." });
  if (method === "OPTIONS") return { status: 204, headers: PREFLIGHT_HEADERS, body: "" };
  if (!["GET", "HEAD", "POST"].includes(method)) {
    throw new Refusal(405, "bad-method", { detail: `Expected GET, HEAD or POST, got ${method}.` });
  }
  if (url.length > context.limits.urlBytes) {
    throw new Refusal(414, "too-large", { detail: "Send many channels as POST." });
  }
  const representation = negotiate(headers.get("accept"));
  if (representation === null) {
    throw new Refusal(406, "not-acceptable", { detail: "Accept text/event-stream or application/json." });
  }
  if (context.closing.signal.aborted) throw new Refusal(503, "draining");
  const asked = await parse(context, request);
  return representation === "stream" ? stream(context, request, asked) : page(context, request, asked);
}

async function stream(context: Context, request: HubRequest, asked: ParsedRequest): Promise<HubResponse> {
  const known = context.orders.count();
  const access = await admit(context, request, asked, true);
  if (request.method === "HEAD") return { status: 200, headers: STREAM_HEADERS, body: "" };
  const start = await ask(context, () => findStart(context, asked, access));
  // Asked again: others may have come while the log was read.
  checkRoom(context, access.viewer);
  return { status: 200, headers: STREAM_HEADERS, open: (sink) => open(context, sink, start, known) };
}

/** @param known how many orders were, when `authorize` was asked */
function open(context: Context, sink: Sink, start: Start, known: number): StreamControl {
  const { clock, closing, connections, orders, random } = context;
  const { viewer, granted } = start.access;
  const connection = new Connection(context, sink, start);
  // Others were let in at the same moment, or the hub was closed: only here is it certain who came first.
  if (closing.signal.aborted) connection.end("draining", connections.drainRetries()());
  else if (connections.fullFor(viewer.id) !== null) connection.end("limit", longRetry(random()));
  // Who may read has changed while the stream began: it comes back, and is asked about again.
  else if (orders.hasNews(known, viewer.id, granted) || connection.expiresAt <= clock.now()) connection.end("expired");
  if (connection.isClosed) return connection;
  connections.add(connection);
  connection.pump();
  return connection;
}

async function page(context: Context, request: HubRequest, asked: ParsedRequest): Promise<HubResponse> {
  const { connections, orders, clock } = context;
  const head = { status: 200, headers: PAGE_HEADERS, body: "" };
  // History and snapshots do not go on from a position.
  const goesOn = !asked.snapshot && asked.last === 0 && asked.before === null;
  const from = goesOn ? asked : { ...asked, after: null, last: 0 };
  for (let { wait } = asked; ; wait = 0) {
    const known = orders.count();
    const access = await admit(context, request, asked, wait > 0);
    const { viewer, granted } = access;
    if (asked.snapshot) checkSnapshots(context, access);
    if (request.method === "HEAD") return head;
    // Asked again: others may have come while `authorize` was asked.
    if (wait > 0) checkRoom(context, viewer);
    connections.enter(viewer.id);
    try {
      const body = await ask(context, async () => {
        const start = await findStart(context, from, access);
        return makePage(context, { ...asked, wait }, start, request.signal);
      });
      // Who may read has changed while the page was made: asked again, and then answered at once, unless nobody waits any more.
      const hasChanged = orders.hasNews(known, viewer.id, granted) || endOf(access) <= clock.now();
      if (!hasChanged || request.signal.aborted) return { ...head, body };
    } finally {
      connections.leave(viewer.id);
    }
  }
}

/** Says who is asking and what they may read. @param stays whether the answer takes room for a while */
async function admit(context: Context, request: HubRequest, asked: ParsedRequest, stays: boolean): Promise<Access> {
  const { authenticate, clock, trace } = context;
  const viewer = await authenticate(request);
  // What plain JavaScript answers may be anything.
  if (!viewer) throw new Refusal(401, "unauthenticated");
  if (typeof viewer.id !== "string") throw new TypeError('Expected a viewer with a string "id" of authenticate.');
  if (timeOf(viewer.expiresAt) <= clock.now()) {
    throw new Refusal(401, "unauthenticated", { detail: "The credentials have expired." });
  }
  if (stays) checkRoom(context, viewer);
  const access = await authorizeAll(context, viewer, asked.channels.keys());
  for (const [channel, detail] of access.refused) trace.add("debug", "refuse", { viewer: viewer.id, channel, detail });
  if (access.granted.size > 0) return access;
  const channels = [...access.refused.keys()];
  if ([...access.refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
  throw new Refusal(404, "unknown-channel", { channels });
}

/** Asks the log, once the ring stands. */
async function ask<Answer>(context: Context, question: () => Promise<Answer>): Promise<Answer> {
  const { trace, closing, tailer } = context;
  try {
    await tailer.ready();
    return await question();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (closing.signal.aborted) throw new Refusal(503, "draining");
    trace.add("error", "read-failed", { error });
    throw new Refusal(503, "unavailable", { detail: "The log does not answer." });
  }
}

async function parse({ limits }: Context, request: HubRequest): Promise<ParsedRequest> {
  const body = request.method === "POST" ? await bodyOf(request, limits.bodyBytes) : null;
  const asked = parseRequest(queryOf(request), request.headers.get("last-event-id"), body);
  if (typeof asked === "string") throw new Refusal(400, "bad-request", { detail: asked });
  const { size } = asked.channels;
  if (size > limits.channels) {
    throw new Refusal(400, "bad-request", { detail: `Expected ${limits.channels} channels at most, got ${size}.` });
  }
  const channels = [...asked.channels.keys()].filter((path) => !isCanonicalPath(path));
  if (channels.length === 0) return asked;
  throw new Refusal(400, "bad-channel", { detail: "These paths are not canonical.", channels });
}

async function bodyOf(request: HubRequest, limit: number): Promise<unknown> {
  try {
    return (await request.json(limit)) ?? {};
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(413, "too-large", { detail: error.message });
    throw new Refusal(400, "bad-request", { detail: "Expected a JSON body." });
  }
}

function checkRoom({ limits, closing, connections }: Context, { id }: Viewer): void {
  if (closing.signal.aborted) throw new Refusal(503, "draining");
  const full = connections.fullFor(id);
  if (full === "hub") throw new Refusal(503, "limit", { detail: "This server has no room for more streams." });
  if (full === null) return;
  throw new Refusal(429, "limit", { detail: `Expected ${limits.connectionsPerViewer} streams of a viewer at most.` });
}

function checkSnapshots({ snapshots }: Context, { granted }: Access): void {
  const channels = [...granted].flatMap(([path, { address }]) => (snapshots.has(address) ? [] : path));
  if (channels.length === 0) return;
  throw new Refusal(404, "no-snapshot", { detail: "These channels have no snapshot.", channels });
}
