import Database from "libsql";
import type { Onlooker } from "./onlooker.ts";
import { describeMention, describeMessage, describePlace, describeTopic, type Picture } from "./picture.ts";

interface RoomRow {
  readonly id: string;
  readonly name: string;
  readonly topic: string | null;
  readonly topic_by: string;
}

interface MessageRow {
  readonly room_id: string;
  readonly number: number;
  readonly author: string;
  readonly said: string;
}

interface PlaceRow {
  readonly room_id: string;
  readonly joined: number;
  readonly read: number;
}

/** The rows of the chat, read from its file. */
export class Tables {
  readonly #database: Database.Database;

  constructor(path: string) {
    this.#database = new Database(path);
  }

  /** The picture that an onlooker should have; of each room, from its first message on. */
  pictureFor({ person, since }: Pick<Onlooker, "person" | "since">): Picture {
    const rooms = this.#all<RoomRow>("select id, name, topic, topic_by from rooms");
    const places = this.#all<PlaceRow>("select room_id, joined, read from places where person = ?", person);
    const mentions = this.#all<MessageRow>("select room_id, number from mentions where person = ?", person);
    const record = <Value>(value: (room: RoomRow) => Value): Record<string, Value> =>
      Object.fromEntries(rooms.map((room) => [room.id, value(room)]));
    return {
      rooms: record(({ name }) => name),
      topics: record(({ topic: text, topic_by: by }) => (text === null ? null : describeTopic({ text, by }))),
      messages: record(({ id }) => this.messages(id, since.get(id) ?? 1)),
      places: Object.fromEntries(
        places.map(({ room_id: roomId, joined, read }) => [roomId, describePlace({ joined: joined === 1, read })]),
      ),
      mentions: mentions.map(({ room_id: roomId, number }) => describeMention({ roomId, number })).toSorted(),
    };
  }

  /** The messages of a room, from a number on. */
  messages(roomId: string, since: number): string[] {
    const sql = "select number, author, said from messages where room_id = ? and number >= ? order by number";
    return this.#all<MessageRow>(sql, roomId, since).map(({ said, ...row }) =>
      describeMessage({ ...row, ...saidIn(said) }),
    );
  }

  /** The number of the newest message of a room; 0 for none. */
  newest(roomId: string): number {
    const [row] = this.#all<{ newest: number | null }>(
      "select max(number) as newest from messages where room_id = ?",
      roomId,
    );
    return row?.newest ?? 0;
  }

  /** The texts of all messages of all rooms. */
  texts(): string[] {
    return this.#all<MessageRow>("select said from messages").map(({ said }) => saidIn(said).text);
  }

  close(): void {
    this.#database.close();
  }

  /** The caller names the type of the rows, which depends on the statement. */
  #all<Row>(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }
}

/** Parses the column that the chat writes as JSON. */
const saidIn = (said: string): { readonly text: string; readonly mentions: readonly string[] } =>
  JSON.parse(said) as { text: string; mentions: string[] };
