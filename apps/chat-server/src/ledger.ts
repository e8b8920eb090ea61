import type { chat } from "@tidings-apps/chat-contract";
import type { AddressOf, ChannelName, EventData, EventType } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import type { Hub, HubOn } from "@tidings/server";
import pLimit from "p-limit";
import { begin, openDatabase, rollBack, type Database } from "./database.ts";
import { rowsIn, type Rows } from "./rows.ts";

type Chat = typeof chat;

type Publish = <Name extends ChannelName<Chat>, Type extends EventType<Chat, Name>>(
  address: AddressOf<Chat, Name>,
  type: Type,
  data: EventData<Chat, Name, Type>,
) => Promise<void>;

/** What is written together: rows, and the events that tell of them. */
export interface Transaction extends Rows {
  readonly publish: Publish;
}

/** Keeps the chat: rows and events of one file. */
export interface Ledger {
  readonly hub: Hub<Chat>;
  /** What is committed. */
  readonly rows: Rows;
  /** Writes rows and events together, or neither when the work throws. One work at a time; nothing slow in it. */
  write<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Closes the hub and the file, after whatever is being written. */
  close(): Promise<void>;
}

/** Makes the hub on the log that the ledger has opened. */
type MakeHub = <Log extends EventLog>(log: Log, rows: Rows) => HubOn<Chat, Log>;

/** How the events of one transaction get out. */
interface Publishing {
  readonly publish: Publish;
  /** Called when the rows are committed. */
  readonly committed: () => Promise<void>;
}

/** @param path a file, or `:memory:` for rows and events that end with the process */
export function openLedger(path: string, makeHub: MakeHub): Ledger {
  return path === ":memory:" ? openInMemory(makeHub) : openInFile(path, makeHub);
}

/** The log is in the file of the rows: an event is committed with its row. */
function openInFile(path: string, makeHub: MakeHub): Ledger {
  const writing = openDatabase(path);
  // Whoever reads must not see what may still be rolled back.
  const reading = openDatabase(path);
  const rows = rowsIn(reading);
  const hub = makeHub(sqliteLog(path), rows);
  const publishing: Publishing = {
    publish: (address, type, data) => hub.publishIn(writing, address, type, data),
    committed: async () => {},
  };
  return createLedger({ hub, rows, writing, makePublishing: () => publishing, closing: [reading, writing] });
}

/** The log cannot share a transaction: an event follows its row. */
function openInMemory(makeHub: MakeHub): Ledger {
  const database = openDatabase(":memory:");
  const rows = rowsIn(database);
  const hub = makeHub(memoryLog(), rows);
  const makePublishing = (): Publishing => {
    const later: (() => Promise<unknown>)[] = [];
    return {
      publish: async (address, type, data) => void later.push(() => hub.publish(address, type, data)),
      committed: async () => {
        for (const publish of later) await publish();
      },
    };
  };
  return createLedger({ hub, rows, writing: database, makePublishing, closing: [database] });
}

interface Parts {
  readonly hub: Hub<Chat>;
  readonly rows: Rows;
  readonly writing: Database;
  readonly makePublishing: () => Publishing;
  readonly closing: readonly Database[];
}

function createLedger({ hub, rows, writing, makePublishing, closing }: Parts): Ledger {
  const writingRows = rowsIn(writing);
  // Requests share the handle: what another wrote while this one awaits would be part of this one's transaction.
  const oneAtATime = pLimit(1);
  let closed: Promise<void> | null = null;
  return {
    hub,
    rows,
    write: (work) =>
      oneAtATime(async () => {
        const { publish, committed } = makePublishing();
        await begin(writing);
        let result;
        try {
          result = await work({ ...writingRows, publish });
          writing.exec("commit");
        } catch (error) {
          rollBack(writing);
          throw error;
        }
        await committed();
        return result;
      }),
    close: () =>
      (closed ??= oneAtATime(async () => {
        await hub.close();
        for (const database of closing) database.close();
      })),
  };
}
