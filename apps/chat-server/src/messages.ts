import type { Message } from "@tidings-apps/chat-contract";
import type { Queryable } from "./storage/database.ts";

interface MessageRow {
  readonly id: string;
  readonly number: number;
  readonly author: string;
  /** JSON of what was said. */
  readonly said: string;
  readonly sent_at: number;
  readonly revision: number;
  readonly edited_at: number | null;
  readonly deleted_at: number | null;
  /** JSON of the reactions. */
  readonly reactions: string;
}

const COLUMNS = "id, number, author, said, sent_at, revision, edited_at, deleted_at, reactions";

const SELECT = `select ${COLUMNS} from messages`;
const INSERT = `insert into messages (room_id, key, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE = "update messages set said = ?, revision = ?, edited_at = ?, deleted_at = ?, reactions = ? where id = ?";

/** The table of all messages, each as its last change has left it. */
export function messagesIn(database: Queryable) {
  const findOne = async (condition: string, ...values: readonly string[]): Promise<Message | null> => {
    const row = await database.get<MessageRow>(`${SELECT} where ${condition}`, ...values);
    return row === undefined ? null : toMessage(row);
  };
  return {
    /** The newest `count` messages of a room, oldest first. */
    async newest(roomId: string, count: number): Promise<Message[]> {
      const sql = `${SELECT} where room_id = ? order by number desc limit ?`;
      return (await database.all<MessageRow>(sql, roomId, count)).map(toMessage).reverse();
    },
    /** The number of the newest message of a room; 0 if there is none. */
    async lastNumber(roomId: string): Promise<number> {
      const sql = "select max(number) as number from messages where room_id = ?";
      return (await database.get<{ number: number | null }>(sql, roomId))?.number ?? 0;
    },
    /** The id of the room that has this message; null if there is no such message. */
    async roomOf(id: string): Promise<string | null> {
      const sql = "select room_id from messages where id = ?";
      return (await database.get<{ room_id: string }>(sql, id))?.room_id ?? null;
    },
    find: (roomId: string, id: string): Promise<Message | null> => findOne("room_id = ? and id = ?", roomId, id),
    /** The message that the author has sent to the room with this idempotency key, or null. */
    findByKey: (roomId: string, author: string, key: string): Promise<Message | null> =>
      findOne("room_id = ? and author = ? and key = ?", roomId, author, key),
    /** @throws an error of the database if the number or the key is already taken in the room */
    async add(roomId: string, message: Message, key: string | null): Promise<void> {
      const { id, number, author, sentAt, revision, editedAt, deletedAt } = message;
      const times = [toTime(editedAt), toTime(deletedAt)];
      const values = [id, number, author, toSaid(message), sentAt.getTime(), revision, ...times, toJson(message)];
      await database.run(INSERT, roomId, key, ...values);
    },
    /** Stores the message as it is after a change. */
    async change(message: Message): Promise<void> {
      const { id, revision, editedAt, deletedAt } = message;
      const times = [toTime(editedAt), toTime(deletedAt)];
      await database.run(UPDATE, toSaid(message), revision, ...times, toJson(message), id);
    },
  };
}

/** What a message says. Messages of older versions have no `answer`. */
type Said = Pick<Message, "text" | "mentions"> & Partial<Pick<Message, "answer">>;

const toSaid = ({ text, mentions, answer }: Message): string =>
  JSON.stringify({ text, mentions, answer } satisfies Said);
const toJson = ({ reactions }: Message): string => JSON.stringify(reactions);
const toTime = (date: Date | null): number | null => date?.getTime() ?? null;
const toDate = (time: number | null): Date | null => (time === null ? null : new Date(time));

function toMessage(row: MessageRow): Message {
  const { id, number, author, revision } = row;
  // Safe: the functions above have written this JSON.
  const { text, mentions, answer = null } = JSON.parse(row.said) as Said;
  return {
    id,
    number,
    author,
    text,
    mentions,
    sentAt: new Date(row.sent_at),
    revision,
    editedAt: toDate(row.edited_at),
    deletedAt: toDate(row.deleted_at),
    // Safe: the same.
    reactions: JSON.parse(row.reactions) as Message["reactions"],
    answer,
  };
}
