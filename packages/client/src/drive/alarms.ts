import type { Clock } from "@tidings/protocol/clock";

/** What is done later. */
export interface Alarms {
  /**
   * Does something at a time, together with what has the same name and time: it can share a request.
   * @param at in milliseconds since 1970
   * @returns what cancels it
   */
  set(name: string, at: number, task: () => void): () => void;
  /**
   * Does something after a while, unless that is already waiting.
   * @param what tells things apart
   */
  setOnce(what: unknown, milliseconds: number, task: () => void): void;
  /** Whether nothing more is done, for good. */
  readonly isClosed: boolean;
  close(): void;
}

/** What is done together. */
interface Alarm {
  readonly tasks: Set<() => void>;
  readonly cancel: () => void;
}

export function createAlarms(clock: Pick<Clock, "now" | "setTimeout">): Alarms {
  const alarms = new Map<unknown, Alarm>();
  let isClosed = false;

  function begin(key: unknown, milliseconds: number): Alarm {
    const tasks = new Set<() => void>();
    function runTasks(): void {
      alarms.delete(key);
      // A set that is walked through leaves out what was deleted meanwhile: one of them may cancel another.
      tasks.forEach((task) => task());
    }
    const alarm = { tasks, cancel: clock.setTimeout(runTasks, milliseconds) };
    alarms.set(key, alarm);
    return alarm;
  }

  return {
    set(name, at, task) {
      const key = `${at} ${name}`;
      const alarm = alarms.get(key) ?? begin(key, at - clock.now());
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
    setOnce(what, milliseconds, task) {
      if (!isClosed && !alarms.has(what)) {
        begin(what, milliseconds).tasks.add(task);
      }
    },
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      alarms.forEach(({ cancel }) => cancel());
    },
  };
}
