import type { EventLog } from "@tidings/log";
import { sqliteLog } from "../src/sqlite-log.ts";

// A process that opens the log in the file it is given and does what its parent tells it; see log-process.ts.

/** A call of one of the log's methods. */
export interface Call {
  readonly number: number;
  readonly method: "append" | "read" | "head" | "trim";
  readonly values: unknown[];
}

export interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: string;
}

const [, , path = "", patience = "10000"] = process.argv;
const log = sqliteLog(path, { patience: Number(patience) });
log.watch(() => send({ number: -1 }));

function send(answer: Answer): void {
  process.send?.(answer);
}

process.on("message", ({ number, method, values }: Call) => {
  // The parent is of the same sources and calls the methods with what they take.
  const call = log[method] as (this: EventLog, ...values: unknown[]) => Promise<unknown>;
  call.apply(log, values).then(
    (result) => send({ number, result }),
    (error: unknown) => send({ number, failure: String(error) }),
  );
});
process.on("disconnect", () => void log.close());
send({ number: 0 });
