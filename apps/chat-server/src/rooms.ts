import type { Room } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";
import { toComparableName } from "./comparable-name.ts";

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

/** The table of rooms, oldest first. The column `folded` holds the comparable form of a name. */
export function roomsIn(database: Database) {
  const all = database.prepare<Room>("select id, name from rooms order by rowid limit ?");
  const list = database.prepare<RoomListRow>(`
    select id, name, topic, topic_by, joined, read,
      (select max(number) from messages where messages.room_id = rooms.id) as newest
    from rooms left join places on places.room_id = rooms.id and person = ? order by rooms.rowid limit ?`);
  const find = database.prepare<Room>("select id, name from rooms where id = ?");
  const findByComparableName = database.prepare<Room>("select id, name from rooms where folded = ?");
  const add = database.prepare("insert into rooms (id, name, folded, opened_by) values (?, ?, ?, ?)");
  const countAll = database.prepare<{ rooms: number }>("select count(*) as rooms from rooms");
  const countOf = database.prepare<{ rooms: number }>("select count(*) as rooms from rooms where opened_by = ?");
  const nextCount = database.prepare<{ count: number }>(
    "insert into slugs (slug, count) values (?, 1) on conflict (slug) do update set count = count + 1 returning count",
  );
  const setTopic = database.prepare("update rooms set topic = ?, topic_by = ? where id = ?");
  return {
    /** All rooms, of an older file with more than `MAX_ROOMS` only the oldest. */
    all: (): Room[] => all.all(MAX_ROOMS).map(toRoom),
    /** The same rooms, each with the person's membership, the topic and the newest message number. */
    listFor: (person: string) => list.all(person, MAX_ROOMS).map(toListedRoom),
    find(id: string): Room | null {
      const room = find.get(id);
      return room === undefined ? null : toRoom(room);
    },
    /** Finds a room by its name. Upper and lower case are equal, and so are full and half width. */
    findByName(name: string): Room | null {
      const room = findByComparableName.get(toComparableName(name));
      return room === undefined ? null : toRoom(room);
    },
    /** The number of all rooms, and of those that the person has opened. */
    count: (person: string) => ({ all: countAll.get()?.rooms ?? 0, ofPerson: countOf.get(person)?.rooms ?? 0 }),
    /** Adds a room. Its id is a short form of the name, with a number if that id is taken. */
    add(name: string, openedBy: string | null = null): Room {
      const slug = slugOf(name);
      // The count is stored, so the n-th room of a slug does not try the ids of all rooms before it.
      let id: string;
      do {
        const { count } = nextCount.get(slug) ?? { count: 1 };
        id = count === 1 ? slug : `${slug}-${count}`;
      } while (find.get(id) !== undefined);
      add.run(id, name, toComparableName(name), openedBy);
      return { id, name };
    },
    setTopic(id: string, topic: { readonly text: string; readonly by: string }): void {
      setTopic.run(topic.text, topic.by, id);
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
