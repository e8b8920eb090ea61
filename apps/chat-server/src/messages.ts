import type { Message } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

interface MessageRow {
  readonly id: string;
  readonly number: number;
  readonly author: string;
  /** JSON of text and mentions. */
  readonly said: string;
  readonly sent_at: number;
}

const COLUMNS = "id, number, author, said, sent_at";

/** The table of all messages. */
export function messagesIn(database: Database) {
  const newest = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? order by number desc limit ?`,
  );
  const last = database.prepare<{ number: number | null }>(
    "select max(number) as number from messages where room_id = ?",
  );
  const findByKey = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? and author = ? and key = ?`,
  );
  const add = database.prepare(`insert into messages (room_id, key, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)`);
  return {
    /** The newest `count` messages of a room, oldest first. */
    newest: (roomId: string, count: number): Message[] => newest.all(roomId, count).map(toMessage).reverse(),
    /** The number of the newest message of a room; 0 if there is none. */
    lastNumber: (roomId: string): number => last.get(roomId)?.number ?? 0,
    /** The message that the author has sent to the room with this idempotency key, or null. */
    findByKey(roomId: string, author: string, key: string): Message | null {
      const row = findByKey.get(roomId, author, key);
      return row === undefined ? null : toMessage(row);
    },
    /** @throws an error of SQLite if the number or the key is already taken in the room */
    add(roomId: string, { id, number, author, text, mentions, sentAt }: Message, key: string | null): void {
      const said = JSON.stringify({ text, mentions });
      add.run(roomId, key, id, number, author, said, sentAt.getTime());
    },
  };
}

function toMessage({ id, number, author, said, sent_at: sentAt }: MessageRow): Message {
  // Safe: `add` has written this JSON.
  const { text, mentions } = JSON.parse(said) as Pick<Message, "text" | "mentions">;
  return { id, number, author, text, mentions, sentAt: new Date(sentAt) };
}
