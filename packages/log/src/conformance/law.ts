import type { EventLog } from "../event-log.ts";
import type { Engine, EngineFacts, OpenedLog } from "./engine.ts";

/** The numbered laws are those of ARCHITECTURE.md; the other names are parts of the log's interface. */
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
  | "expects"
  | "ends"
  | "idempotency"
  | "limits"
  | "latest"
  | "volatile"
  | "retention"
  | "recent"
  | "current"
  | "close";

/** One promise of a log, and a check of it. */
export interface Law {
  readonly law: LawName;
  readonly title: string;
  /** The law applies only to engines with these facts. @default every engine */
  readonly only?: Partial<EngineFacts>;
  /** Rejects if the engine breaks the promise. */
  run(engine: Engine): Promise<void>;
}

/** Whether a law applies to an engine with these facts. */
export function appliesTo({ only = {} }: Law, facts: EngineFacts): boolean {
  // The keys of `only` are names of facts.
  return Object.entries(only).every(([fact, value]) => facts[fact as keyof EngineFacts] === value);
}

/**
 * Checks a law, and closes every log that it opened.
 *
 * @throws whatever the law's assertions throw, if the engine breaks it
 */
export async function tryLaw(law: Law, { open, facts }: Engine): Promise<void> {
  const logs: EventLog[] = [];
  const closeLater = async (opening: Promise<EventLog>): Promise<EventLog> => {
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
        return {
          log: opened.log,
          another: () => closeLater(opened.another()),
          reopen: () => closeLater(opened.reopen()),
        };
      },
    });
  } finally {
    await Promise.all(logs.map((log) => log.close()));
  }
}
