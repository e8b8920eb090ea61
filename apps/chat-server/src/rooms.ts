import type { Room } from "@tidings-apps/chat-contract";
import { toComparableName } from "./comparable-name.ts";
import type { Queryable } from "./storage/database.ts";

interface RoomListRow extends Room {
  readonly topic: string | null;
  readonly topic_by: string;
  readonly joined: number | null;
  readonly read: number | null;
  readonly newest: number | null;
}

/**
 * The most rooms of a chat. The snapshot of the directory has all of them, and the inbox of a person in each of them
 * has as many memberships: about 220 bytes for each in both.
 */
export const MAX_ROOMS = 2_000;

/**
 * The most rooms of one page of the list, which then has 100 KB at most. A list of all rooms took 20 ms to make, and
 * its 1.5 MB stayed in memory for a reader that takes nothing.
 */
const ROOMS_OF_PAGE = 100;

const LIST = `
  select id, name, topic, topic_by, joined, read,
    (select max(number) from messages where messages.room_id = rooms.id) as newest
  from rooms left join places on places.room_id = rooms.id and person = ?
  order by rooms.rowid limit ? offset ?`;

const NEXT_COUNT = `
  insert into slugs (slug, count) values (?, 1)
  on conflict (slug) do update set count = slugs.count + 1 returning count`;

/** The table of rooms, oldest first. The column `folded` holds the comparable form of a name. */
export function roomsIn(database: Queryable) {
  const find = async (id: string): Promise<Room | null> => {
    const room = await database.get<Room>("select id, name from rooms where id = ?", id);
    return room === undefined ? null : toRoom(room);
  };
  const count = async (condition: string, ...values: readonly string[]): Promise<number> => {
    const row = await database.get<{ rooms: number }>(`select count(*) as rooms from rooms ${condition}`, ...values);
    return row?.rooms ?? 0;
  };
  return {
    find,
    /** All rooms, of an older file with more than `MAX_ROOMS` only the oldest. */
    async all(): Promise<Room[]> {
      return (await database.all<Room>("select id, name from rooms order by rowid limit ?", MAX_ROOMS)).map(toRoom);
    },
    /**
     * A page of the same rooms, each with the person's membership, the topic and the newest message number.
     *
     * @param from the number of rooms before the page
     * @returns the rooms, and where the next page begins; null after the last one
     */
    async listFor(person: string, from = 0) {
      const most = Math.max(0, Math.min(ROOMS_OF_PAGE, MAX_ROOMS - from));
      const rooms = (await database.all<RoomListRow>(LIST, person, most, from)).map(toListedRoom);
      const end = from + rooms.length;
      return { rooms, next: rooms.length === ROOMS_OF_PAGE && end < MAX_ROOMS ? end : null };
    },
    /** Finds a room by its name. Upper and lower case are equal, and so are full and half width. */
    async findByName(name: string): Promise<Room | null> {
      const room = await database.get<Room>("select id, name from rooms where folded = ?", toComparableName(name));
      return room === undefined ? null : toRoom(room);
    },
    /** The number of all rooms, and of those that the person has opened. */
    async count(person: string): Promise<{ readonly all: number; readonly ofPerson: number }> {
      return { all: await count(""), ofPerson: await count("where opened_by = ?", person) };
    },
    /** Adds a room. Its id is a short form of the name, with a number if that id is taken. */
    async add(name: string, openedBy: string | null = null): Promise<Room> {
      const slug = slugOf(name);
      // The count is stored, so the n-th room of a slug does not try the ids of all rooms before it.
      let id: string;
      do {
        const row = await database.get<{ count: number }>(NEXT_COUNT, slug);
        const ordinal = row?.count ?? 1;
        id = ordinal === 1 ? slug : `${slug}-${ordinal}`;
      } while ((await find(id)) !== null);
      const insert = "insert into rooms (id, name, folded, opened_by) values (?, ?, ?, ?)";
      await database.run(insert, id, name, toComparableName(name), openedBy);
      return { id, name };
    },
    /** Empty if there is none. */
    async topicOf(id: string): Promise<string> {
      const row = await database.get<{ topic: string | null }>("select topic from rooms where id = ?", id);
      return row?.topic ?? "";
    },
    async setTopic(id: string, topic: { readonly text: string; readonly by: string }): Promise<void> {
      await database.run("update rooms set topic = ?, topic_by = ? where id = ?", topic.text, topic.by, id);
    },
  };
}

/** Returns the words of a name for an address: letters without accents and digits, with hyphens between the words. */
function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const words = plain.match(/[a-z0-9]+/g) ?? ["room"];
  return words.join("-").slice(0, 60);
}

// Copies the two fields: a row can have more columns than were selected, and libsql adds one.
const toRoom = ({ id, name }: Room): Room => ({ id, name });

const toListedRoom = ({ topic, topic_by: by, joined, read, newest, ...room }: RoomListRow) => ({
  ...toRoom(room),
  topic: topic === null ? null : { text: topic, by },
  joined: joined === 1,
  // Numbers of messages; 0 means none.
  read: read ?? 0,
  newest: newest ?? 0,
});
