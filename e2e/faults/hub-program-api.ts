import type { HubStats } from "@tidings/server";

/** The path of the stream that readers of hub-program.ts follow. */
export const LOBBY_STREAM = "/events?channel=rooms/lobby&protocol=1";

export interface HubProgramOptions {
  /** The file of a SQLite log. @default a log in memory */
  readonly path?: string;
  /** The PostgreSQL or Redis of the log. @default the log is in this process */
  readonly url?: string;
  /** Milliseconds that a publish waits for other writers. */
  readonly patience?: number;
  /** @default any free one */
  readonly port?: number;
  readonly heartbeat?: number;
  readonly drain?: number;
  readonly maxAge?: number;
  readonly ringEntries?: number;
}

/** Numbered events that the process publishes by itself. */
export interface Flood {
  readonly from: number;
  readonly count: number;
  /** Of the text of each event. */
  readonly bytes: number;
}

/** By how many milliseconds the event loop was late since the last measurement. */
export interface EventLoopDelay {
  /** Only one of a hundred turns was later. */
  readonly p99: number;
  readonly worst: number;
}

/** What the process reports about itself. */
export interface ProcessState extends HubStats {
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** What keeps its event loop busy: how many of each kind. */
  readonly resources: Readonly<Record<string, number>>;
}
