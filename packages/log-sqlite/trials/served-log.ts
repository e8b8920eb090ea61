import type { EventLog } from "@tidings/log";
import { sqliteLog } from "../src/sqlite-log.ts";
import { READY, WAKE, type Answer, type Call } from "./answer.ts";

// A process that opens the log in the given file and runs the calls of its parent; see log-process.ts.

const [, , path = "", patience = "10000"] = process.argv;
const log = sqliteLog(path, { patience: Number(patience) });
log.watch(() => send({ number: WAKE }));

function send(answer: Answer): void {
  process.send?.(answer);
}

process.on("message", ({ number, method, values }: Call) => {
  // The parent is built from the same sources and passes the right arguments.
  const call = log[method] as (this: EventLog, ...values: unknown[]) => Promise<unknown>;
  call.apply(log, values).then(
    (result) => send({ number, result }),
    (error: unknown) => send({ number, failure: String(error) }),
  );
});
process.on("disconnect", () => void log.close());
send({ number: READY });
