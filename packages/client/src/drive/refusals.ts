import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { jitterAfter, NOTHING_YET } from "../state/retry.ts";
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
  /** How often each path was refused. */
  const counts = new Map<string, number>();

  /** For how many milliseconds nobody asks: as after a failed attempt. */
  function pauseAfter(path: string): number {
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    alarms.setOnce(`refused ${path}`, MEMORY, () => counts.delete(path));
    const { serverPause } = NOTHING_YET;
    return serverPause + jitterAfter(serverPause, count, random());
  }

  return {
    leaveOut(track, ending) {
      if (track.state.kind === "leftOut") {
        return;
      }
      const pause = ending.reason === "unknown" ? MEMORY : pauseAfter(track.address.path);
      moveTrack(track, "refuse", { ending, until: clock.now() + pause });
      alarms.setOnce(track, pause, () => onForgiven(track));
    },
    failureOf({ state }) {
      if (state.kind !== "leftOut") {
        return null;
      }
      const { ending, until } = state;
      // A refusal is final for the subscriptions that got it. Those that come later may have other rights.
      const reason = ending.reason === "unknown" ? "unknown" : "unavailable";
      // The time of day may have been set back meanwhile.
      return { ...ending, reason, pause: Math.min(MEMORY, until - clock.now()) };
    },
  };
}
