import type { ParsedRequest } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { HubRequest, Viewer } from "../hub-options.ts";
import { authorizeAll, timeOf, type Access, type AccessNeeds } from "../rights/access.ts";
import type { Hooks } from "../runtime/hooks.ts";
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
  checkRoom: (viewer: Viewer) => void,
): Promise<Access> {
  const { clock, trace, refusals } = needs;
  const viewer = await askHook(needs, "authenticate", () => authenticate(needs, request));
  // Plain JavaScript may answer anything.
  if (!viewer) {
    refusals.add("unauthenticated");
    throw new Refusal(401, "unauthenticated");
  }
  checkViewer("authenticate to answer", viewer);
  if (timeOf(viewer.expiresAt) <= clock.now()) {
    throw new Refusal(401, "unauthenticated", { detail: "The credentials have expired." });
  }
  checkRoom(viewer);
  const access = await askHook(needs, "authorize", () => authorizeAll(needs, viewer, parsed.channels.keys()));
  for (const [channel, reason] of access.refused) {
    trace.add("debug", "refuse", { viewer: viewer.id, channel, detail: reason });
    refusals.add(reason, { viewer: viewer.id, channel });
  }
  if (access.granted.size > 0) return access;
  const channels = [...access.refused.keys()];
  if ([...access.refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
  throw new Refusal(404, "unknown-channel", { channels });
}

async function askHook<Answer>(
  { clock, trace }: Pick<AdmitNeeds, "clock" | "trace">,
  name: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await inTime(clock, HOOK_TIME, ask());
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    trace.add("error", "hook-failed", { detail: name, error });
    throw new Refusal(503, "unavailable", { detail: "The server takes too long to decide." });
  }
}

/**
 * Who is asking; null also when the application's error says 401.
 * @throws Refusal when its error says 403 or 503, and every other error as it is
 */
async function authenticate(
  { hooks, trace }: Pick<AdmitNeeds, "hooks" | "trace">,
  request: HubRequest,
): Promise<Viewer | null> {
  try {
    return await hooks.authenticate(request);
  } catch (error) {
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
}

/** The HTTP status that an error of a framework names: `status`, or `statusCode` in Fastify and h3. */
function statusOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return undefined;
  const { status, statusCode } = error as { readonly status?: unknown; readonly statusCode?: unknown };
  return status ?? statusCode;
}
