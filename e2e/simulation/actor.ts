import type { NumberedEvents } from "./numbered-events.ts";
import type { ClientProgram } from "./program.ts";
import type { Server, ServerWorld } from "./server.ts";

/** What an actor acts on. */
export interface ActorWorld extends ServerWorld {
  readonly events: NumberedEvents;
  readonly clients: readonly ClientProgram[];
  readonly servers: readonly Server[];
  /** Servers that have been told to close. */
  readonly formerServers: readonly Server[];
  /** One of those that serve. */
  readonly server: Server;
  /** The schedule is over: an actor comes to rest, and does not die any more. */
  readonly isCalm: boolean;
}

/** A program of the application that acts by itself, and knows what has to come of it. */
export interface Actor {
  /** Whether it has come to rest. It has to, after the last fault has ended. */
  readonly isDone: boolean;
  /** Shows what holds to the millisecond when there are no faults. It reports what is wrong as a violation. */
  prove(): Promise<void>;
  /** What is wrong with what it has done and seen; null if nothing is. */
  judge(): string | null;
  leave(): void;
}
