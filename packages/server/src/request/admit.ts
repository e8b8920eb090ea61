import type { ParsedRequest } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { HubRequest, Viewer } from "../hub-options.ts";
import { authorizeAll, timeOf, type Access, type AccessNeeds } from "../rights/access.ts";
import type { Hooks } from "../runtime/hooks.ts";
import { isPending, type HookAnswer } from "../runtime/pending.ts";
import type { Refusals } from "../runtime/refusals.ts";
import type { Trace } from "../runtime/trace.ts";
import { checkViewer } from "./check-viewer.ts";
import { Refusal } from "./refusal.ts";
import { waitForHook } from "./wait-for-hook.ts";

export interface AdmitNeeds extends AccessNeeds {
  readonly hooks: Pick<Hooks, "authenticate" | "authorize">;
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add">;
  readonly refusals: Refusals;
}

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
  const identified = authenticate(needs, request);
  const viewer = isPending(identified) ? await waitForHook(needs, request, "authenticate", identified) : identified;
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
  const decided = authorizeAll(needs, viewer, viewerId, parsed.channels.keys());
  const access = isPending(decided) ? await waitForHook(needs, request, "authorize", decided) : decided;
  for (const [channel, reason] of access.refused) {
    trace.add("debug", "refuse", { viewer: viewerId, channel, detail: reason });
    refusals.add(reason, { viewer: viewerId, channel });
  }
  if (access.granted.size > 0) return access;
  const channels = [...access.refused.keys()];
  if ([...access.refused.values()].includes("forbidden")) throw new Refusal(403, "forbidden", { channels });
  throw new Refusal(404, "unknown-channel", { channels });
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
