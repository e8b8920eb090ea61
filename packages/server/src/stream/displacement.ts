import type { Admission } from "../request/admission.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { RetryDelays } from "./retry-delays.ts";

interface DisplacementNeeds {
  readonly admission: Pick<Admission, "checkRoom" | "exceeded">;
  readonly streams: Pick<OpenStreams, "oldestOf">;
  readonly retryDelays: Pick<RetryDelays, "afterDisplacement">;
  readonly closing: AbortSignal;
}

/**
 * When a viewer has too many answers open, its oldest stream makes room for a new stream or long poll. A proxy may hide
 * that a reader has left, and dead streams must not lock their viewer out. A reader that is not dead comes back
 * after a long time: otherwise streams that displace each other would come back all the time.
 */
export interface Displacement {
  /** @throws Refusal like {@link Admission.checkRoom}, unless the viewer's oldest stream can make room */
  checkRoom(viewerId: string): void;
  /** Ends the oldest stream of a viewer who has too many answers open, so that there is room at once. */
  makeRoom(viewerId: string): void;
}

export function createDisplacement({ admission, streams, retryDelays, closing }: DisplacementNeeds): Displacement {
  return {
    checkRoom(viewerId) {
      const canMakeRoom = admission.exceeded(viewerId) === "viewer" && streams.oldestOf(viewerId) !== undefined;
      if (!canMakeRoom || closing.aborted) admission.checkRoom(viewerId);
    },

    makeRoom(viewerId) {
      if (admission.exceeded(viewerId) !== "viewer") return;
      streams.oldestOf(viewerId)?.endNow("limit", retryDelays.afterDisplacement());
    },
  };
}
