import { isCanonicalPath } from "@tidings/contract";
import { parseRequest, type ParsedRequest, type Representation } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import type { Limits } from "../runtime/limits.ts";
import { TimeLimitError } from "../runtime/time-limit.ts";
import { NoRoomError, type Bodies } from "./bodies.ts";
import { queryOf } from "./query.ts";
import { Refusal } from "./refusal.ts";

/** The parameters that only a page has. */
const PAGE_PARAMETERS = ["before", "wait", "snapshot"];

const BAD_PATHS =
  'Expected paths like "rooms/lobby": no slash at the beginning or at the end, and each param percent-encoded once.';

/** The query of a request. @throws Refusal 400 for a parameter that the representation does not have */
export function parseQuery(request: Pick<HubRequest, "url">, representation: Representation): URLSearchParams {
  const query = queryOf(request);
  const misplaced = representation === "stream" ? PAGE_PARAMETERS.find((name) => query.has(name)) : undefined;
  if (misplaced === undefined) return query;
  const detail = `Expected "${misplaced}" with "Accept: application/json", got it on a stream.`;
  throw new Refusal(400, "bad-request", { detail });
}

/** What a request asks for. @param body the parsed JSON of a POST, otherwise null @throws Refusal 400 */
export function parse(
  { headers }: Pick<HubRequest, "headers">,
  query: URLSearchParams,
  body: unknown,
  limits: Pick<Limits, "channels">,
): ParsedRequest {
  const parsed = parseRequest(query, headers.get("last-event-id"), body);
  if (typeof parsed === "string") throw new Refusal(400, "bad-request", { detail: parsed });
  const { size } = parsed.channels;
  if (size > limits.channels) {
    const limit = limits.channels;
    throw new Refusal(400, "bad-request", { detail: `Expected ${limit} channels at most, got ${size}.`, limit });
  }
  const channels = [...parsed.channels.keys()].filter((path) => !isCanonicalPath(path));
  if (channels.length === 0) return parsed;
  throw new Refusal(400, "bad-channel", { detail: BAD_PATHS, channels });
}

/** The parsed JSON of a POST. @throws Refusal 400, 413, or 503 for a body that does not come */
export async function readBody(request: HubRequest, limit: number, bodies: Bodies): Promise<unknown> {
  try {
    return (await bodies.read(request.session, (coming) => request.json(limit, coming))) ?? {};
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(413, "too-large", { detail: error.message });
    if (error instanceof NoRoomError) {
      throw new Refusal(503, "limit", { detail: "Other bodies need the memory of this one, which comes slowly." });
    }
    if (error instanceof TimeLimitError) {
      throw new Refusal(503, "unavailable", { detail: "The body did not come in time." });
    }
    const detail = error instanceof TypeError ? error.message : "Expected a JSON body.";
    throw new Refusal(400, "bad-request", { detail });
  }
}
