import type { Settings } from "../options.ts";

/** The least milliseconds between two attempts that an application, or a platform, asks for. */
const PAUSE = 500;

/**
 * Does something when it is asked for, but not more often than twice in a second. Calls that come earlier wait until
 * the pause is over. Then they are one.
 */
export function spaced({ clock, alarms }: Pick<Settings, "clock" | "alarms">, task: () => void): () => void {
  let last = -Infinity;

  function run(): void {
    last = clock.now();
    task();
  }

  return () => {
    // The absolute difference: a clock that was set back must not hold it up until it has caught up.
    const rest = PAUSE - Math.abs(clock.now() - last);
    if (rest > 0) {
      alarms.setOnce(task, rest, run);
    } else {
      run();
    }
  };
}
