import type { chat } from "@tidings-apps/chat-contract";
import type { AddressOf, ChannelName, EndData, EndName, EventData, EventType } from "@tidings/contract";
import type { Hub, HubOn } from "@tidings/server";
import { createPause, type Pause } from "./pause.ts";
import { StorageAway } from "./storage/database.ts";
import { openEngine, type Engine } from "./storage/engine.ts";
import type { ChatLog } from "./storage/log-in-transactions.ts";
import type { LogSetting } from "./storage/log-setting.ts";
import { tablesIn, type Tables } from "./tables.ts";
import { createWriteQueue } from "./write-queue.ts";

type Chat = typeof chat;

type Publish = <Name extends ChannelName<Chat>, Type extends EventType<Chat, Name>>(
  address: AddressOf<Chat, Name>,
  type: Type,
  data: EventData<Chat, Name, Type>,
) => Promise<void>;

/** Appends the last event of an address. */
type End = (address: AddressOf<Chat, EndName<Chat>>, data: EndData<Chat, EndName<Chat>>) => Promise<void>;

/** One transaction: it changes rows and publishes the events that describe the changes. */
export interface Transaction extends Tables {
  readonly publish: Publish;
  /**
   * @throws PublishError `ended` if the address has ended, where the log takes part in the transaction. Elsewhere the
   * end is left out
   */
  readonly end: End;
}

/** The stored data of the chat: its tables, and the event log with the hub on it. */
export interface ChatStorage {
  readonly hub: Hub<Chat>;
  /** Reads committed data only. */
  readonly tables: Tables;
  /**
   * The id of the newest event of an address, or of the newest position where it has none. An event of a transaction
   * has an id only after the commit: for somebody who waits for it, the newest one of its address does as well.
   * @throws StorageAway if the log does not answer
   */
  newestEvent(address: AddressOf<Chat, ChannelName<Chat>>): Promise<string>;
  /**
   * Runs `work` in a transaction. Rows and events are written together; if `work` throws, neither is. Transactions run
   * one after the other, so `work` must not wait for anything slow.
   * @throws WriteRefused if too many transactions wait, or if this one waits for too long; nothing is written
   * @throws StorageAway if the tables or the log do not answer; it may be written
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
  /** Refuses what waits, waits for the current transaction, then closes the hub and the tables. */
  close(): Promise<void>;
}

/** Creates the hub on the log that the storage has opened. */
type CreateHub = (log: ChatLog, tables: Tables) => HubOn<Chat, ChatLog>;

/** Opens the storage. @throws Error that says what cannot be opened */
export async function openStorage(setting: LogSetting, createHub: CreateHub): Promise<ChatStorage> {
  return createStorage(await openEngine(setting), createHub);
}

function createStorage(engine: Engine, createHub: CreateHub): ChatStorage {
  const { database, log } = engine;
  const tables = tablesIn(database);
  const hub = createHub(log, tables);
  const pause = createPause();
  // Where others would see what is not committed, nobody gets a turn before the commit.
  const pauseInside: Pause = database.isolated ? pause : async () => {};
  // One transaction after the other: what waits too long is refused, and long computations come one by one.
  const queue = createWriteQueue();
  let closed: Promise<void> | null = null;

  const prepareAndWrite: ChatStorage["prepareAndWrite"] = (prepare, work) =>
    queue.run(async (patience) => {
      await pause();
      const prepared = await prepare(pause);
      const result = await database.transaction(patience, (tx) => {
        const publish: Publish = async (address, type, data) => {
          await hub.publishIn(tx, address, type, data);
          await pauseInside();
        };
        const end: End = (address, data) => hub.endIn(tx, address, data);
        return work({ ...tablesIn(tx), publish, end }, prepared);
      });
      await orAway(engine.onCommitted());
      return result;
    });

  const close = async (): Promise<void> => {
    await queue.close();
    await engine.close();
    await hub.close();
    await database.close();
  };
  return {
    hub,
    tables,
    prepareAndWrite,
    async newestEvent({ path }) {
      const { entries, next } = await orAway(log.recent([path], 1));
      const { epoch, seq } = entries[0] ?? next;
      return `${epoch}.${seq}`;
    },
    write: (work) => prepareAndWrite(async () => null, work),
    close: () => (closed ??= close()),
  };
}

/** @throws StorageAway for every error: the transaction before it is committed */
async function orAway<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (cause) {
    throw new StorageAway(cause);
  }
}
