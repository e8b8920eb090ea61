import type { Clock } from "@tidings/protocol/clock";

/** What is done at a time. Things of the same time are done together, so that their requests can be shared. */
export interface Alarms {
  /** @param at in milliseconds since 1970. Returns what cancels it */
  set(at: number, task: () => void): () => void;
}

/** The things of one time. */
interface Alarm {
  readonly tasks: Set<() => void>;
  readonly cancel: () => void;
}

export function createAlarms(clock: Pick<Clock, "now" | "setTimeout">): Alarms {
  const alarms = new Map<number, Alarm>();

  function begin(at: number): Alarm {
    const tasks = new Set<() => void>();
    function ring(): void {
      alarms.delete(at);
      for (const task of [...tasks]) {
        // One of them may cancel another.
        if (tasks.has(task)) {
          task();
        }
      }
    }
    const alarm = { tasks, cancel: clock.setTimeout(ring, at - clock.now()) };
    alarms.set(at, alarm);
    return alarm;
  }

  return {
    set(at, task) {
      const alarm = alarms.get(at) ?? begin(at);
      // A function of its own: the same task may be set twice.
      const own = () => task();
      alarm.tasks.add(own);
      return () => {
        alarm.tasks.delete(own);
        if (alarm.tasks.size === 0 && alarms.get(at) === alarm) {
          alarms.delete(at);
          alarm.cancel();
        }
      };
    },
  };
}
