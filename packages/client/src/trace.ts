import type { Clock } from "@tidings/protocol/clock";
import { callSafely } from "@tidings/protocol/call-safely";
import type { Position } from "./state/position.ts";

/** What happened, for developers. It never holds headers, urls or event data. */
export interface TraceRecord {
  readonly level: "debug" | "warn";
  readonly event: "connect" | "end" | "event" | "handled" | "gap" | "contract";
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly channel?: string;
  readonly type?: string;
  /** A cursor. */
  readonly id?: string;
  readonly detail?: string;
}

/** Tells developers what happened: `warn` always, `debug` only where that is wanted. */
export type Trace = (
  level: TraceRecord["level"],
  event: TraceRecord["event"],
  about: Pick<TraceRecord, "channel" | "type" | "detail">,
  position?: Position | null,
) => void;

interface TraceNeeds {
  readonly debug: boolean;
  readonly onLog: (record: TraceRecord) => void;
  readonly clock: Pick<Clock, "now">;
}

export function createTrace({ debug, onLog, clock }: TraceNeeds): Trace {
  return (level, event, about, position) => {
    if (debug || level === "warn") {
      const id = position && { id: position.token };
      callSafely(() => onLog({ level, event, at: clock.now(), ...about, ...id }));
    }
  };
}
