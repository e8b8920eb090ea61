import type { EventLog } from "../event-log.ts";
import type { Engine, EngineFacts, OpenedLog } from "./engine.ts";

/** The numbers are those of the laws that all of Tidings is built on; the other names are parts of the log's interface. */
export type LawName =
  | "law 2: the log validates cursors"
  | "law 3: a cursor is an epoch and a position"
  | "law 4: an epoch has an end"
  | "law 5: append order is visibility order"
  | "law 6: acked is appended"
  | "law 7: a gap for every hole, none without"
  | "law 10: the doorbell"
  | "law 11: filtering is no gap"
  | "append"
  | "idempotency"
  | "limits"
  | "latest"
  | "volatile"
  | "retention"
  | "recent"
  | "current"
  | "close";

/** One promise of a log, and how to find out whether it is kept. */
export interface Law {
  readonly law: LawName;
  readonly title: string;
  /** It is tried only on engines of which all this is true. */
  readonly only?: Partial<EngineFacts>;
  /** Rejects when the promise is broken. */
  run(engine: Engine): Promise<void>;
}

export function appliesTo({ only = {} }: Law, facts: EngineFacts): boolean {
  return Object.entries(only).every(([fact, value]) => facts[fact as keyof EngineFacts] === value); // keys of `only` are facts
}

/** Tries a law and closes every log that it opened. */
export async function tryLaw(law: Law, { open, facts }: Engine): Promise<void> {
  const logs: EventLog[] = [];
  const track = async (opening: Promise<EventLog>): Promise<EventLog> => {
    const log = await opening;
    logs.push(log);
    return log;
  };
  try {
    await law.run({
      facts,
      async open(options): Promise<OpenedLog> {
        const opened = await open(options);
        logs.push(opened.log);
        return { log: opened.log, another: () => track(opened.another()), reopen: () => track(opened.reopen()) };
      },
    });
  } finally {
    await Promise.all(logs.map((log) => log.close()));
  }
}
