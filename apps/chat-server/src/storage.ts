import type { chat } from "@tidings-apps/chat-contract";
import type { AddressOf, ChannelName, EventData, EventType } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import type { Hub, HubOn } from "@tidings/server";
import { begin, openDatabase, rollBack, type Database } from "./database.ts";
import { createPause, type Pause } from "./pause.ts";
import { tablesIn, type Tables } from "./tables.ts";
import { createWriteQueue } from "./write-queue.ts";

type Chat = typeof chat;

/**
 * Milliseconds that an event outside of a transaction (who is online, who is typing) waits while another process
 * writes. Such an event is published again soon. A server that closes waits as long.
 */
const LOG_PATIENCE = 2_000;

type Publish = <Name extends ChannelName<Chat>, Type extends EventType<Chat, Name>>(
  address: AddressOf<Chat, Name>,
  type: Type,
  data: EventData<Chat, Name, Type>,
) => Promise<void>;

/** One transaction: it changes rows and publishes the events that describe the changes. */
export interface Transaction extends Tables {
  readonly publish: Publish;
}

/** The stored data of the chat: its tables, and the event log with the hub on it, in one file. */
export interface ChatStorage {
  readonly hub: Hub<Chat>;
  /** Reads committed data only. */
  readonly tables: Tables;
  /**
   * The id of the newest event of an address, or of the newest position where it has none. An event of a transaction
   * has an id only after the commit: for somebody who waits for it, the newest one of its address does as well.
   */
  newestEvent(address: AddressOf<Chat, ChannelName<Chat>>): Promise<string>;
  /**
   * Runs `work` in a transaction. Rows and events are written together; if `work` throws, neither is. Transactions run
   * one after the other, so `work` must not wait for anything slow.
   * @throws WriteRefused if too many transactions wait, or if this one waits for too long
   */
  write<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /**
   * The same for work that needs a long computation. `prepare` runs before the transaction begins, and calls `pause`
   * between its steps. Only one computation runs at a time.
   */
  prepareAndWrite<Prepared, Result>(
    prepare: (pause: Pause) => Promise<Prepared>,
    work: (tx: Transaction, prepared: Prepared) => Promise<Result>,
  ): Promise<Result>;
  /** Refuses what waits, waits for the current transaction, then closes the hub and the file. */
  close(): Promise<void>;
}

/** Creates the hub on the log that the storage has opened. */
type CreateHub = <Log extends EventLog>(log: Log, tables: Tables) => HubOn<Chat, Log>;

/** Publishes the events of one transaction. */
interface TransactionEvents {
  readonly publish: Publish;
  /** Called after the rows are committed. */
  readonly onCommitted: () => Promise<void>;
}

/**
 * Opens the storage.
 * @param path a file, or `:memory:`; in memory, rows and events are gone when the process ends
 */
export function openStorage(path: string, createHub: CreateHub): ChatStorage {
  return path === ":memory:" ? openInMemory(createHub) : openInFile(path, createHub);
}

/** The log is in the same file as the rows: an event is committed in the transaction of its row. */
function openInFile(path: string, createHub: CreateHub): ChatStorage {
  const writer = openDatabase(path);
  // A second handle: a read must not see rows that can still be rolled back.
  const reader = openDatabase(path);
  const tables = tablesIn(reader);
  const log = sqliteLog(path, { patience: LOG_PATIENCE });
  const hub = createHub(log, tables);
  const pause = createPause();
  const events: TransactionEvents = {
    async publish(address, type, data) {
      await hub.publishIn(writer, address, type, data);
      await pause();
    },
    onCommitted: async () => {},
  };
  return createStorage({ hub, log, tables, writer, pause, beginEvents: () => events, databases: [reader, writer] });
}

/** A memory log cannot take part in a transaction: the events are published after the rows are committed. */
function openInMemory(createHub: CreateHub): ChatStorage {
  const database = openDatabase(":memory:");
  const tables = tablesIn(database);
  const log = memoryLog();
  const hub = createHub(log, tables);
  const pause = createPause();
  const beginEvents = (): TransactionEvents => {
    const delayed: (() => Promise<unknown>)[] = [];
    return {
      async publish(address, type, data) {
        delayed.push(() => hub.publish(address, type, data));
      },
      // The transaction itself does not pause: its rows are visible before it is committed, since there is one handle.
      async onCommitted() {
        for (const publish of delayed) {
          await publish();
          await pause();
        }
      },
    };
  };
  return createStorage({ hub, log, tables, writer: database, pause, beginEvents, databases: [database] });
}

interface StorageParts {
  readonly hub: Hub<Chat>;
  readonly log: Pick<EventLog, "recent">;
  readonly tables: Tables;
  /** The handle that transactions use. */
  readonly writer: Database;
  readonly pause: Pause;
  readonly beginEvents: () => TransactionEvents;
  /** All handles, to be closed at the end. */
  readonly databases: readonly Database[];
}

function createStorage({ hub, log, tables, writer, pause, beginEvents, databases }: StorageParts): ChatStorage {
  const writerTables = tablesIn(writer);
  // All requests share the handle. Without this queue, a request could write into the transaction of another request
  // while that one waits.
  const queue = createWriteQueue();
  let closed: Promise<void> | null = null;

  const prepareAndWrite: ChatStorage["prepareAndWrite"] = (prepare, work) =>
    queue.run(async (patience) => {
      await pause();
      const prepared = await prepare(pause);
      const { publish, onCommitted } = beginEvents();
      await begin(writer, patience);
      let result;
      try {
        result = await work({ ...writerTables, publish }, prepared);
        writer.exec("commit");
      } catch (error) {
        rollBack(writer);
        throw error;
      }
      await onCommitted();
      return result;
    });

  const close = async (): Promise<void> => {
    await queue.close();
    await hub.close();
    for (const database of databases) database.close();
  };
  return {
    hub,
    tables,
    prepareAndWrite,
    async newestEvent({ path }) {
      const { entries, next } = await log.recent([path], 1);
      const { epoch, seq } = entries[0] ?? next;
      return `${epoch}.${seq}`;
    },
    write: (work) => prepareAndWrite(async () => null, work),
    close: () => (closed ??= close()),
  };
}
