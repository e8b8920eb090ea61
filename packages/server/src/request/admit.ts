import type { ParsedRequest } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { HubRequest, Viewer } from "../hub-options.ts";
import { authorizeAll, timeOf, type Access, type AccessNeeds } from "../rights/access.ts";
import type { Hooks } from "../runtime/hooks.ts";
import { isInstance } from "../runtime/is-instance.ts";
import { isPending, type HookAnswer } from "../runtime/pending.ts";
import { inTime, TimeLimitError } from "../runtime/time-limit.ts";
import type { Refusals } from "../runtime/refusals.ts";
import type { Trace } from "../runtime/trace.ts";
import { checkViewer } from "./check-viewer.ts";
import { Refusal } from "./refusal.ts";

export interface AdmitNeeds extends AccessNeeds {
  readonly hooks: Pick<Hooks, "authenticate" | "authorize">;
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add">;
  readonly refusals: Refusals;
}

/** How long `authenticate` may take, and `authorize` about all paths of a request, in milliseconds. */
const HOOK_TIME = 10_000;

/**
 * Asks the application who is asking, and what this viewer may read.
 *
 * @param checkRoom throws when the answer would take room that this viewer may not have
 * @throws Refusal 401, 403, 404, 429 or 503, also when a hook takes too long; and what the hooks throw
 */
export async function admit(
  needs: AdmitNeeds,
  request: HubRequest,
  parsed: ParsedRequest,
  checkRoom: (viewerId: string) => void,
): Promise<Access> {
  const { clock, trace, refusals } = needs;
  const identified = askHook(needs, "authenticate", authenticate(needs, request));
  const viewer = isPending(identified) ? await identified : identified;
  // Plain JavaScript may answer anything.
  if (!viewer) {
    refusals.add("unauthenticated");
    throw new Refusal(401, "unauthenticated");
  }
  // Read once: the application may change its object.
  const viewerId = checkViewer("authenticate to answer", viewer);
  if (timeOf(viewer.expiresAt) <= clock.now()) {
    throw new Refusal(401, "unauthenticated", { detail: "The credentials have expired." });
  }
  checkRoom(viewerId);
  const decided = askHook(needs, "authorize", authorizeAll(needs, viewer, viewerId, parsed.channels.keys()));
  const access = isPending(decided) ? await decided : decided;
  for (const [channel, reason] of access.refused) {
    trace.add("debug", "refuse", { viewer: viewerId, channel, detail: reason });
    refusals.add(reason, { viewer: viewerId, channel });
  }
  if (access.granted.size > 0) return access;
  const channels = [...access.refused.keys()];
  if ([...access.refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
  throw new Refusal(404, "unknown-channel", { channels });
}

/** Bounds the time of an answer that is still to come. What is there at once needs neither a promise nor a timer. */
function askHook<Result>(
  needs: Pick<AdmitNeeds, "clock" | "trace">,
  name: string,
  answer: HookAnswer<Result>,
): HookAnswer<Result> {
  return isPending(answer) ? waitForHook(needs, name, answer) : answer;
}

async function waitForHook<Result>(
  { clock, trace }: Pick<AdmitNeeds, "clock" | "trace">,
  name: string,
  answer: Promise<Result>,
): Promise<Result> {
  try {
    return await inTime(clock, HOOK_TIME, answer);
  } catch (error) {
    if (!isInstance(error, TimeLimitError)) throw error;
    trace.add("error", "hook-failed", { detail: name, error });
    throw new Refusal(503, "unavailable", { detail: "The server takes too long to decide." });
  }
}

/**
 * Who is asking; null also when the application's error says 401.
 * @throws Refusal when its error says 403 or 503, and every other error as it is
 */
function authenticate(needs: Pick<AdmitNeeds, "hooks" | "trace">, request: HubRequest): HookAnswer<Viewer | null> {
  try {
    const viewer = needs.hooks.authenticate(request);
    return isPending(viewer) ? viewer.then(null, (error: unknown) => nobody(needs, error)) : viewer;
  } catch (error) {
    return nobody(needs, error);
  }
}

/** What an error of `authenticate` means. */
function nobody({ trace }: Pick<AdmitNeeds, "trace">, error: unknown): null {
  switch (statusOf(error)) {
    case 401:
      return null;
    case 403:
      throw new Refusal(403, "forbidden");
    case 503:
      trace.add("error", "hook-failed", { detail: "authenticate", error });
      throw new Refusal(503, "unavailable", { detail: "The server cannot say now who you are." });
    default:
      throw error;
  }
}

/** The HTTP status that an error of a framework names: `status`, or `statusCode` in Fastify and h3. */
function statusOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return undefined;
  const { status, statusCode } = error as { readonly status?: unknown; readonly statusCode?: unknown };
  return status ?? statusCode;
}
