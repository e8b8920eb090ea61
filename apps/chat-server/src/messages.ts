import type { Message } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

interface MessageRow {
  readonly id: string;
  readonly number: number;
  readonly author: string;
  readonly said: string;
  readonly sent_at: number;
}

const COLUMNS = "id, number, author, said, sent_at";

/** What was said in the rooms. */
export function messagesIn(database: Database) {
  const newest = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? order by number desc limit ?`,
  );
  const last = database.prepare<{ number: number | null }>(
    "select max(number) as number from messages where room_id = ?",
  );
  const sentAs = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? and author = ? and key = ?`,
  );
  const add = database.prepare(`insert into messages (room_id, key, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)`);
  return {
    /** The newest of a room, oldest first. */
    newest: (roomId: string, count: number): Message[] => newest.all(roomId, count).map(toMessage).reverse(),
    /** The number of the newest of a room; 0 for none. */
    lastNumber: (roomId: string): number => last.get(roomId)?.number ?? 0,
    /** The one that the author has sent under this idempotency key. */
    sentAs(roomId: string, author: string, key: string): Message | null {
      const row = sentAs.get(roomId, author, key);
      return row === undefined ? null : toMessage(row);
    },
    add(roomId: string, { id, number, author, text, mentions, sentAt }: Message, key: string | null): void {
      const said = JSON.stringify({ text, mentions });
      add.run(roomId, key, id, number, author, said, sentAt.getTime());
    },
  };
}

function toMessage({ id, number, author, said, sent_at: sentAt }: MessageRow): Message {
  // Written by `add`.
  const { text, mentions } = JSON.parse(said) as Pick<Message, "text" | "mentions">;
  return { id, number, author, text, mentions, sentAt: new Date(sentAt) };
}
