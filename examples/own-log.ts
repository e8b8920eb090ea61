import { fileURLToPath } from "node:url";
import { memoryLog, type Appended, type EventLog, type Keep, type NewEntry } from "@tidings/log";
import { composeLog, GroupCommit, Watchers } from "@tidings/log/engine";

/** What the storage has to offer. Here, a log in memory stands for it; yours is a client of a server. */
export type Storage = Omit<EventLog, "close">;

/** A batch that waits for the next commit. */
interface Job {
  readonly batch: readonly NewEntry[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A log in a storage of your own. */
export function ownLog(storage: Storage, keep: Keep): EventLog {
  const watchers = new Watchers();

  // What a process publishes in one turn of the event loop is one commit.
  const queue = new GroupCommit<Job>({
    clock: { defer: (task) => void setImmediate(task) },
    async commit(jobs) {
      // In your storage: all batches in one transaction. One that is refused must not cost the others their append.
      for (const { batch, resolve, reject } of jobs) await storage.append(batch).then(resolve, reject);
      watchers.wake();
    },
  });

  return composeLog({
    keep,
    watchers,
    reader: storage,
    append: (given) =>
      new Promise((resolve, reject) => {
        // The caller's objects may change until the storage has answered.
        const batch = given.map((entry) => ({ ...entry }));
        queue.add({ batch, resolve, reject });
      }),
    listen() {
      // In your storage: a `Doorbell`, which listens, tests itself, polls while it hears nothing, and comes back.
      const stop = storage.watch(() => watchers.wake());
      return { close: stop };
    },
    storeRules: (rules) => storage.setRules(rules),
    trim: () => storage.trim(),
    async close() {
      await queue.finish();
      // And the connections to your storage.
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const log = ownLog(memoryLog(), { entries: 1_000, age: 86_400_000, bytes: 1e8, emptyChannels: 1_000 });
  await log.append([{ channel: "rooms/lobby", type: "message", mode: "reliable", data: '{"text":"hi"}' }]);
  console.log(await log.recent(["rooms/lobby"], 10));
  await log.close();
}
