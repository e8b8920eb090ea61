import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { nextAttempt, NOTHING_YET, type Attempts } from "../state/retry.ts";
import { moveTrack, type Track } from "./tracks.ts";

/** Milliseconds after which a refusal does not count any more. Also until the server may know a path. */
const MEMORY = 60_000;

/**
 * The paths that the server has refused lately. The client does not ask for them, also if a subscription wants them.
 */
export interface Refusals {
  /** Leaves a path out for a while: the longer, the more often it was refused within a minute. */
  leaveOut(track: Track, ending: Ending): void;
  /** Why there is nothing of a path now, for those who come meanwhile. Null where it is not left out. */
  failureOf(track: Track): Ending | null;
}

/** @param onForgiven called when the while is over */
export function createRefusals(
  { clock, random, alarms }: Pick<Settings, "clock" | "random" | "alarms">,
  onForgiven: (track: Track) => void,
): Refusals {
  const attemptsByPath = new Map<string, Attempts>();

  /** Until when nobody asks, in milliseconds since 1970. */
  function pauseEnd(path: string): number {
    const attempts = attemptsByPath.get(path) ?? NOTHING_YET;
    const now = clock.now();
    const next = nextAttempt({ attempts, ending: { reason: "unavailable" } }, now, random());
    attemptsByPath.set(path, next?.attempts ?? attempts);
    alarms.setOnce(`refused ${path}`, MEMORY, () => attemptsByPath.delete(path));
    return next?.lastFailure.state === "retrying" ? next.lastFailure.at : now;
  }

  return {
    leaveOut(track, ending) {
      if (track.state.kind === "leftOut") {
        return;
      }
      const now = clock.now();
      const until = ending.reason === "unknown" ? now + MEMORY : pauseEnd(track.address.path);
      moveTrack(track, "refuse", { ending, until });
      alarms.setOnce(track, until - now, () => onForgiven(track));
    },
    failureOf({ state }) {
      if (state.kind !== "leftOut") {
        return null;
      }
      const { ending, until } = state;
      // A refusal is final for the subscriptions that got it. Those that come later may have other rights.
      const reason = ending.reason === "unknown" ? "unknown" : "unavailable";
      // The time of day may have been set back meanwhile.
      return { ...ending, reason, retryAfter: Math.min(MEMORY, until - clock.now()) };
    },
  };
}
