import type { Message } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

interface MessageRow {
  readonly id: string;
  readonly number: number;
  readonly author: string;
  /** JSON of text and mentions. */
  readonly said: string;
  readonly sent_at: number;
  readonly revision: number;
  readonly edited_at: number | null;
  readonly deleted_at: number | null;
  /** JSON of the reactions. */
  readonly reactions: string;
}

const COLUMNS = "id, number, author, said, sent_at, revision, edited_at, deleted_at, reactions";

/** The table of all messages, each as its last change has left it. */
export function messagesIn(database: Database) {
  const newest = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? order by number desc limit ?`,
  );
  const last = database.prepare<{ number: number | null }>(
    "select max(number) as number from messages where room_id = ?",
  );
  const find = database.prepare<MessageRow>(`select ${COLUMNS} from messages where room_id = ? and id = ?`);
  const findByKey = database.prepare<MessageRow>(
    `select ${COLUMNS} from messages where room_id = ? and author = ? and key = ?`,
  );
  const add = database.prepare(
    `insert into messages (room_id, key, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const change = database.prepare(
    "update messages set said = ?, revision = ?, edited_at = ?, deleted_at = ?, reactions = ? where id = ?",
  );
  return {
    /** The newest `count` messages of a room, oldest first. */
    newest: (roomId: string, count: number): Message[] => newest.all(roomId, count).map(toMessage).reverse(),
    /** The number of the newest message of a room; 0 if there is none. */
    lastNumber: (roomId: string): number => last.get(roomId)?.number ?? 0,
    find(roomId: string, id: string): Message | null {
      const row = find.get(roomId, id);
      return row === undefined ? null : toMessage(row);
    },
    /** The message that the author has sent to the room with this idempotency key, or null. */
    findByKey(roomId: string, author: string, key: string): Message | null {
      const row = findByKey.get(roomId, author, key);
      return row === undefined ? null : toMessage(row);
    },
    /** @throws an error of SQLite if the number or the key is already taken in the room */
    add(roomId: string, message: Message, key: string | null): void {
      const { id, number, author, sentAt, revision, editedAt, deletedAt } = message;
      const times = [toTime(editedAt), toTime(deletedAt)];
      add.run(roomId, key, id, number, author, toSaid(message), sentAt.getTime(), revision, ...times, toJson(message));
    },
    /** Stores the message as it is after a change. */
    change(message: Message): void {
      const { id, revision, editedAt, deletedAt } = message;
      change.run(toSaid(message), revision, toTime(editedAt), toTime(deletedAt), toJson(message), id);
    },
  };
}

const toSaid = ({ text, mentions }: Message): string => JSON.stringify({ text, mentions });
const toJson = ({ reactions }: Message): string => JSON.stringify(reactions);
const toTime = (date: Date | null): number | null => date?.getTime() ?? null;
const toDate = (time: number | null): Date | null => (time === null ? null : new Date(time));

function toMessage(row: MessageRow): Message {
  const { id, number, author, said, revision } = row;
  return {
    id,
    number,
    author,
    // Safe: the functions above have written this JSON.
    ...(JSON.parse(said) as Pick<Message, "text" | "mentions">),
    sentAt: new Date(row.sent_at),
    revision,
    editedAt: toDate(row.edited_at),
    deletedAt: toDate(row.deleted_at),
    // Safe: the same.
    reactions: JSON.parse(row.reactions) as Message["reactions"],
  };
}
