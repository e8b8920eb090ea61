import type { Limits } from "../runtime/limits.ts";
import { Refusal } from "./refusal.ts";

interface AdmissionNeeds {
  readonly limits: Pick<Limits, "connections" | "connectionsPerViewer">;
  readonly closing: AbortSignal;
}

/** Counts the answers that take room for a while: open streams, and pages that are being made. */
export interface Admission {
  /** Which limit one more answer for this viewer would exceed; null when there is room. */
  exceeded(viewerId: string): "hub" | "viewer" | null;
  /** @throws Refusal 503 when the hub closes or is full, 429 when the viewer has too many answers */
  checkRoom(viewerId: string): void;
  /** Counts an answer until {@link Admission.leave}. Refuses nothing. */
  enter(viewerId: string): void;
  leave(viewerId: string): void;
}

export function createAdmission({ limits, closing }: AdmissionNeeds): Admission {
  const perViewer = new Map<string, number>();
  let total = 0;

  function exceeded(viewerId: string): "hub" | "viewer" | null {
    if (total >= limits.connections) return "hub";
    return (perViewer.get(viewerId) ?? 0) >= limits.connectionsPerViewer ? "viewer" : null;
  }

  return {
    exceeded,

    checkRoom(viewerId) {
      if (closing.aborted) throw new Refusal(503, "draining");
      switch (exceeded(viewerId)) {
        case "hub":
          throw new Refusal(503, "limit", { detail: "This server has no room for more answers." });
        case "viewer":
          throw new Refusal(429, "limit", {
            detail: `Expected ${limits.connectionsPerViewer} streams or unread pages of a viewer at most.`,
          });
        case null:
      }
    },

    enter(viewerId) {
      total++;
      perViewer.set(viewerId, (perViewer.get(viewerId) ?? 0) + 1);
    },

    leave(viewerId) {
      total--;
      const remaining = (perViewer.get(viewerId) ?? 1) - 1;
      if (remaining > 0) perViewer.set(viewerId, remaining);
      else perViewer.delete(viewerId);
    },
  };
}
