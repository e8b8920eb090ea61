import { byteLength } from "@tidings/log";
import { negotiate, type ParsedRequest, type Representation } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import { isInstance } from "../runtime/is-instance.ts";
import type { Limits } from "../runtime/limits.ts";
import type { Refusals } from "../runtime/refusals.ts";
import type { Trace } from "../runtime/trace.ts";
import type { TurnBudget } from "../runtime/turn-budget.ts";
import type { UnreadAnswers } from "../unread/unread-answers.ts";
import type { Bodies } from "./bodies.ts";
import type { Hosts } from "./hosts.ts";
import type { OriginPolicy } from "./origin.ts";
import { hasLeft } from "./has-left.ts";
import { parse, parseQuery, readBody } from "./parse.ts";
import { Refusal, refusalResponse } from "./refusal.ts";
import type { HubResponse, WholeResponse } from "./response.ts";

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);

/** Makes the answer of one representation. @throws Refusal */
type MakeAnswer = (request: HubRequest, parsed: ParsedRequest) => Promise<HubResponse>;

interface RequestHandlerNeeds {
  readonly hosts: Pick<Hosts, "answer">;
  readonly originPolicy: OriginPolicy;
  /** The answer to a preflight. */
  readonly preflightHeaders: Readonly<Record<string, string>>;
  readonly limits: Pick<Limits, "urlBytes" | "bodyBytes" | "channels">;
  readonly bodies: Bodies;
  /** The time that the beginnings of requests may take in one turn. */
  readonly arrivals: Pick<TurnBudget, "isFree" | "available">;
  /** Counts refusals, too, until they are read. */
  readonly unread: Pick<UnreadAnswers, "add">;
  readonly trace: Pick<Trace, "add">;
  readonly refusals: Refusals;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly closing: AbortSignal;
  readonly answerStream: MakeAnswer;
  readonly answerPage: MakeAnswer;
  /** Reports that an answer could not be written. */
  readonly noteFailure: (error: unknown) => void;
}

/**
 * Turns a request into an answer. The checks, in this order: host, origin, method, length of the URL, `Accept`, query
 * and body. Then the answer asks who sends the request and what it may read. Nothing reads the log before all of this
 * has passed. Never rejects.
 */
export async function handleRequest(needs: RequestHandlerNeeds, request: HubRequest): Promise<HubResponse> {
  // Node hands on all requests that have come, even if they are thousands in one turn of the event loop.
  if (!needs.arrivals.isFree) await needs.arrivals.available();
  const corsHeaders = needs.originPolicy(request);
  const response = await answerOrRefuse(needs, request, corsHeaders !== null);
  const { noteFailure } = needs;
  return { ...response, noteFailure, headers: { vary: "Accept, Origin", ...corsHeaders, ...response.headers } };
}

async function answerOrRefuse(
  needs: RequestHandlerNeeds,
  request: HubRequest,
  isOriginAllowed: boolean,
): Promise<HubResponse> {
  try {
    return await answer(needs, request, isOriginAllowed);
  } catch (error) {
    const isRefusal = isInstance(error, Refusal);
    if (!isRefusal) needs.trace.add("error", "request-failed", { error });
    const refusal = isRefusal ? error : new Refusal(500, "internal");
    return countUnread(needs, request, refusalResponse(refusal, request, needs.random()));
  }
}

/** Counts a refusal until its reader has it. */
function countUnread(
  { unread }: Pick<RequestHandlerNeeds, "unread">,
  request: HubRequest,
  refusal: WholeResponse,
): WholeResponse {
  if (refusal.body === "") return refusal;
  const room = unread.add(request, byteLength(refusal.body));
  void Promise.resolve(request.written).then(() => room.leave());
  return { ...refusal, unread: room };
}

/** Not asynchronous: it only checks, and hands on what takes time. */
function answer(
  needs: RequestHandlerNeeds,
  request: HubRequest,
  isOriginAllowed: boolean,
): WholeResponse | Promise<HubResponse> {
  const { hosts, preflightHeaders, limits, bodies, refusals, closing } = needs;
  const { method, url, headers } = request;
  if (!hosts.answer(headers.get("host"))) {
    refusals.add("bad-host");
    throw new Refusal(403, "bad-origin", { detail: "This server does not answer under this host name." });
  }
  if (!isOriginAllowed) {
    refusals.add("bad-origin");
    throw new Refusal(403, "bad-origin", { detail: "Pages of this origin may not read here." });
  }
  if (method === "OPTIONS") return { status: 204, headers: preflightHeaders, body: "" };
  if (!METHODS.has(method)) {
    throw new Refusal(405, "bad-method", { detail: `Expected GET, HEAD or POST, got ${method}.` });
  }
  if (url.length > limits.urlBytes) {
    const most = `at most ${limits.urlBytes} characters of a URL`;
    throw new Refusal(414, "too-large", { detail: `Expected ${most}, got ${url.length}; channels may be in a POST.` });
  }
  const representation = negotiate(headers.get("accept"));
  if (representation === null) {
    throw new Refusal(406, "not-acceptable", { detail: "Accept text/event-stream or application/json." });
  }
  if (closing.aborted) throw new Refusal(503, "draining");
  const query = parseQuery(request, representation);
  if (method !== "POST") return answerParsed(needs, request, representation, parse(request, query, null, limits));
  return readBody(request, limits.bodyBytes, bodies).then((body) =>
    answerParsed(needs, request, representation, parse(request, query, body, limits)),
  );
}

function answerParsed(
  { answerStream, answerPage }: Pick<RequestHandlerNeeds, "answerStream" | "answerPage">,
  request: HubRequest,
  representation: Representation,
  parsed: ParsedRequest,
): Promise<HubResponse> {
  if (hasLeft(request)) {
    throw new Refusal(400, "bad-request", { detail: "The client has left before its answer was made." });
  }
  return representation === "stream" ? answerStream(request, parsed) : answerPage(request, parsed);
}
