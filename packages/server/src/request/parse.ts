import { isCanonicalPath } from "@tidings/contract";
import { parseRequest, type ParsedRequest, type Representation } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import type { Limits } from "../runtime/limits.ts";
import { queryOf } from "./query.ts";
import { Refusal } from "./refusal.ts";

type ParseLimits = Pick<Limits, "bodyBytes" | "channels">;

/** The parameters that only a page has. */
const PAGE_PARAMETERS = ["before", "wait", "snapshot"];

/** What a request asks for. @throws Refusal 400 or 413 */
export async function parse(
  request: HubRequest,
  representation: Representation,
  limits: ParseLimits,
): Promise<ParsedRequest> {
  const query = queryOf(request);
  const misplaced = representation === "stream" ? PAGE_PARAMETERS.find((name) => query.has(name)) : undefined;
  if (misplaced !== undefined) {
    const detail = `Expected "${misplaced}" with "Accept: application/json", got it on a stream.`;
    throw new Refusal(400, "bad-request", { detail });
  }
  const body = request.method === "POST" ? await readBody(request, limits.bodyBytes) : null;
  const parsed = parseRequest(query, request.headers.get("last-event-id"), body);
  if (typeof parsed === "string") throw new Refusal(400, "bad-request", { detail: parsed });
  const { size } = parsed.channels;
  if (size > limits.channels) {
    throw new Refusal(400, "bad-request", { detail: `Expected ${limits.channels} channels at most, got ${size}.` });
  }
  const channels = [...parsed.channels.keys()].filter((path) => !isCanonicalPath(path));
  if (channels.length === 0) return parsed;
  throw new Refusal(400, "bad-channel", { detail: "These paths are not canonical.", channels });
}

async function readBody(request: HubRequest, limit: number): Promise<unknown> {
  try {
    return (await request.json(limit)) ?? {};
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(413, "too-large", { detail: error.message });
    const detail = error instanceof TypeError ? error.message : "Expected a JSON body.";
    throw new Refusal(400, "bad-request", { detail });
  }
}
