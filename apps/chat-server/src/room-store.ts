import { randomUUID } from "node:crypto";
import type { Message } from "@tidings-apps/chat-contract";

/** What somebody wants to say. */
interface Draft {
  readonly author: string;
  readonly text: string;
  /** The same key of the same author is the same message, so a retry is safe. */
  readonly idempotencyKey?: string | undefined;
}

/** The messages of the rooms: the application's own rows, beside the log. */
export interface RoomStore {
  has(roomId: string): boolean;
  /** Adds a message, or returns the one that the key stands for. */
  add(roomId: string, draft: Draft): Message;
  /** The newest messages, oldest first. */
  newest(roomId: string, count: number): Message[];
}

interface Row {
  readonly message: Message;
  /** Author and idempotency key. */
  readonly key: string | null;
}

/** Rows that a room keeps; the oldest go first. */
const KEPT = 1_000;

/** Rooms in memory: they end with the process, as a memory log does. */
export function memoryRooms(roomIds: readonly string[]): RoomStore {
  const rooms = new Map(roomIds.map((roomId) => [roomId, new Room()]));
  return {
    has: (roomId) => rooms.has(roomId),
    add(roomId, draft) {
      const room = rooms.get(roomId);
      if (room === undefined) throw new RangeError(`Expected a room that exists, got "${roomId}".`);
      return room.add(draft);
    },
    newest: (roomId, count) => rooms.get(roomId)?.newest(count) ?? [],
  };
}

class Room {
  readonly #rows: Row[] = [];
  readonly #known = new Map<string, Message>();

  add({ author, text, idempotencyKey }: Draft): Message {
    const key = idempotencyKey === undefined ? null : JSON.stringify([author, idempotencyKey]);
    const known = key === null ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const message = { id: randomUUID(), author, text, sentAt: new Date() };
    this.#rows.push({ message, key });
    if (key !== null) this.#known.set(key, message);
    if (this.#rows.length > KEPT) this.#forget(this.#rows.shift());
    return message;
  }

  newest(count: number): Message[] {
    return this.#rows.slice(-count).map(({ message }) => message);
  }

  #forget(row: Row | undefined): void {
    if (row?.key !== undefined && row.key !== null) this.#known.delete(row.key);
  }
}
