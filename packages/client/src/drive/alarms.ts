import type { Clock } from "@tidings/protocol/clock";

/** What is done at a time. What wants the same at the same time is done together, and can share a request. */
export interface Alarms {
  /**
   * @param what those of the same name are done together
   * @param at in milliseconds since 1970
   * @returns what cancels it
   */
  set(what: string, at: number, task: () => void): () => void;
}

/** What is done together. */
interface Alarm {
  readonly tasks: Set<() => void>;
  readonly cancel: () => void;
}

export function createAlarms(clock: Pick<Clock, "now" | "setTimeout">): Alarms {
  const alarms = new Map<string, Alarm>();

  function begin(key: string, at: number): Alarm {
    const tasks = new Set<() => void>();
    function runTasks(): void {
      alarms.delete(key);
      for (const task of [...tasks]) {
        // One of them may cancel another.
        if (tasks.has(task)) {
          task();
        }
      }
    }
    const alarm = { tasks, cancel: clock.setTimeout(runTasks, at - clock.now()) };
    alarms.set(key, alarm);
    return alarm;
  }

  return {
    set(what, at, task) {
      const key = `${at} ${what}`;
      const alarm = alarms.get(key) ?? begin(key, at);
      // A function of its own: the same task may be set twice.
      const own = () => task();
      alarm.tasks.add(own);
      return () => {
        alarm.tasks.delete(own);
        if (alarm.tasks.size === 0 && alarms.get(key) === alarm) {
          alarms.delete(key);
          alarm.cancel();
        }
      };
    },
  };
}
