import Database from "libsql";
import pg from "pg";
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
  readonly person: string;
  readonly room_id: string;
  readonly joined: number;
  readonly read: number;
}

interface MentionRow {
  readonly person: string;
  readonly room_id: string;
  readonly number: number;
}

interface Rows {
  readonly rooms: readonly RoomRow[];
  readonly messages: readonly MessageRow[];
  readonly places: readonly PlaceRow[];
  readonly mentions: readonly MentionRow[];
}

/** The statements that read the tables. SQLite and PostgreSQL understand both. */
const STATEMENTS: Readonly<Record<keyof Rows, string>> = {
  rooms: "select id, name, topic, topic_by from rooms",
  messages: "select room_id, number, author, said from messages order by number",
  places: "select person, room_id, joined, read from places",
  mentions: "select person, room_id, number from mentions",
};

/** The tables of the chat at one moment, read from outside of its servers. */
export class Tables {
  readonly #rows: Rows;

  private constructor(rows: Rows) {
    this.#rows = rows;
  }

  static inFile(path: string): Tables {
    const database = new Database(path, { readonly: true });
    try {
      const all = (sql: string): unknown[] => database.prepare(sql).all();
      return new Tables(mapStatements(all));
    } finally {
      database.close();
    }
  }

  static async inPostgres(url: string): Promise<Tables> {
    const client = new pg.Client({ connectionString: url, options: "-c search_path=chat" });
    await client.connect();
    try {
      const results = new Map<string, unknown[]>();
      for (const sql of Object.values(STATEMENTS)) results.set(sql, (await client.query(sql)).rows);
      return new Tables(mapStatements((sql) => results.get(sql) ?? []));
    } finally {
      await client.end();
    }
  }

  /** The picture that an onlooker should have; of each room, from its first message on. */
  pictureFor({ person, since }: Pick<Onlooker, "person" | "since">): Picture {
    const { rooms, places, mentions } = this.#rows;
    const record = <Value>(value: (room: RoomRow) => Value): Record<string, Value> =>
      Object.fromEntries(rooms.map((room) => [room.id, value(room)]));
    const own = <Row extends { readonly person: string }>(rows: readonly Row[]): Row[] =>
      rows.filter((row) => row.person === person);
    return {
      rooms: record(({ name }) => name),
      topics: record(({ topic: text, topic_by: by }) => (text === null ? null : describeTopic({ text, by }))),
      messages: record(({ id }) => this.messages(id, since.get(id) ?? 1)),
      places: Object.fromEntries(
        own(places).map(({ room_id: roomId, joined, read }) => [roomId, describePlace({ joined: joined === 1, read })]),
      ),
      mentions: own(mentions)
        .map(({ room_id: roomId, number }) => describeMention({ roomId, number }))
        .toSorted(),
    };
  }

  /** The messages of a room, from a number on. */
  messages(roomId: string, since: number): string[] {
    return this.#rows.messages
      .filter((row) => row.room_id === roomId && row.number >= since)
      .map(({ said, ...row }) => describeMessage({ ...row, ...saidIn(said) }));
  }

  /** The number of the newest message of a room; 0 for none. */
  newest(roomId: string): number {
    return this.#rows.messages.findLast((row) => row.room_id === roomId)?.number ?? 0;
  }

  /** The texts of all messages of all rooms. */
  texts(): string[] {
    return this.#rows.messages.map(({ said }) => saidIn(said).text);
  }
}

/** Safe: each statement names the columns of its rows. */
const mapStatements = (all: (sql: string) => unknown[]): Rows =>
  Object.fromEntries(Object.entries(STATEMENTS).map(([table, sql]) => [table, all(sql)])) as unknown as Rows;

/** Parses the column that the chat writes as JSON. */
const saidIn = (said: string): { readonly text: string; readonly mentions: readonly string[] } =>
  JSON.parse(said) as { text: string; mentions: string[] };
