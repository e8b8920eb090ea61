import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerOf } from "./answer.ts";
import type { Measure } from "./measure.ts";
import type { Sample } from "./results.ts";
import type { WorkName } from "./works.ts";

/** A measure of work that one process does alone. */
function worked({
  names,
  ...more
}: Pick<Measure, "name" | "title" | "figure" | "more"> & { readonly names: readonly WorkName[] }): Measure {
  return {
    program: "work",
    contestants: { quick: names, full: names },
    rounds: { quick: 5, full: 11 },
    isFresh: false,
    ...more,
    async start({ program, name }) {
      const folder = mkdtempSync(join(tmpdir(), "tidings-speed-"));
      const child = fork(program, [name, folder]);
      const sample = async (): Promise<Sample> => {
        child.send("sample");
        // Safe: the process answers with a sample.
        return (await answerOf(child)) as Sample;
      };
      // The engine compiles the code in the first samples. A forced collection of garbage would make it begin again.
      for (let warmUp = 0; warmUp < 3; warmUp++) await sample();
      return {
        sample,
        async close() {
          child.kill("SIGKILL");
          await once(child, "exit");
          rmSync(folder, { recursive: true });
        },
      };
    },
  };
}

/** A log waits for its file, too, so its time counts. */
const BY_TIME = { figure: "time (µs)", more: ["CPU (µs)"] };
/** A client waits for nothing here. Its CPU time depends less on what else the machine does. */
const BY_CPU = { figure: "CPU (µs)", more: ["time (µs)"] };

export const worksMeasured: readonly Measure[] = [
  worked({
    ...BY_TIME,
    name: "publish",
    title: "one publish after the other, stored in a SQLite file: an event",
    names: ["insert", "publish"],
  }),
  worked({
    ...BY_TIME,
    name: "publish-at-once",
    title: "16 publishes at once, stored in a SQLite file: an event",
    names: ["insert-16", "publish-16-at-once"],
  }),
  worked({
    ...BY_TIME,
    name: "publish-batch",
    title: "batches of 100 with `publishAll`, stored in a SQLite file: an event",
    names: ["insert-100", "publish-batch-of-100"],
  }),
  worked({
    ...BY_CPU,
    name: "client",
    title: "a client gets events of 200 bytes, from the bytes to the handler: an event",
    names: ["event-parser", "client", "client-of-1000"],
  }),
];
