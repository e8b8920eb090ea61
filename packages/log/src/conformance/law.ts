import type { EventLog } from "../event-log.ts";
import type { Controls, Engine, EngineFacts, Need, OpenedLog, OpenOptions } from "./engine.ts";

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

/** A log that a law has opened. It has the controls that the law needs. */
interface TriedLog extends Omit<OpenedLog, Need>, Controls {}

/** An engine as a law sees it. */
export interface TriedEngine {
  readonly facts: EngineFacts;
  readonly open: (options: OpenOptions) => Promise<TriedLog>;
}

/** One promise of a log, and a check of it. */
export interface Law {
  readonly law: LawName;
  readonly title: string;
  /** The law applies only to engines with these facts. @default every engine */
  readonly only?: Partial<Pick<EngineFacts, "survivesReopen" | "heedsClock">>;
  /** The controls that it uses. @default none */
  readonly needs?: readonly Need[];
  /** Rejects if the engine breaks the promise. */
  run(engine: TriedEngine): Promise<void>;
}

/** Whether a law applies to an engine with these facts. */
export function appliesTo({ only = {}, needs = [] }: Law, facts: EngineFacts): boolean {
  const { lacks = {} } = facts;
  if (needs.some((need) => lacks[need] !== undefined)) return false;
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
  const { needs = [] } = law;
  const closeLater = async (opening: Promise<EventLog>): Promise<EventLog> => {
    const log = await opening;
    logs.push(log);
    return log;
  };
  try {
    await law.run({
      facts,
      async open(options) {
        const opened = await open(options, needs);
        logs.push(opened.log);
        const { cutDoorbell, restart, loseSuffix, skewed } = controlsOf(opened, needs);
        return {
          log: opened.log,
          another: () => closeLater(opened.another()),
          reopen: () => closeLater(opened.reopen()),
          cutDoorbell,
          restart,
          loseSuffix,
          skewed: (ahead) => closeLater(skewed(ahead)),
        };
      },
    });
  } finally {
    await Promise.all(logs.map((log) => log.close()));
  }
}

/** The controls of a log. A law may use only those among its needs, so that `needs` is always complete. */
function controlsOf({ cutDoorbell, restart, loseSuffix, skewed }: OpenedLog, needs: readonly Need[]): Controls {
  const refuse = (need: Need) => (): never => {
    throw new Error(
      needs.includes(need)
        ? `Expected "${need}" of the log that was opened, or a reason in "lacks", got neither.`
        : `Expected "${need}" among the needs of the law, got no such need.`,
    );
  };
  const granted = <Control>(need: Need, control: Control | undefined) =>
    (needs.includes(need) ? control : undefined) ?? refuse(need);
  return {
    cutDoorbell: granted("cutDoorbell", cutDoorbell),
    restart: granted("restart", restart),
    loseSuffix: granted("loseSuffix", loseSuffix),
    skewed: granted("skewed", skewed),
  };
}
