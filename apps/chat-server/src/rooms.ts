import type { Room } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";
import { fold } from "./fold.ts";

export interface Topic {
  readonly text: string;
  readonly by: string;
}

/** A room as one person sees it in their list. */
export interface ListedRoom extends Room {
  readonly topic: Topic | null;
  readonly joined: boolean;
  /** The number of the last message that the person has read; 0 for none. */
  readonly read: number;
  /** The number of the newest message; 0 for none. */
  readonly newest: number;
}

/** The rooms, oldest first. */
export interface Rooms {
  all(): Room[];
  listFor(person: string): ListedRoom[];
  find(id: string): Room | null;
  findNamed(name: string): Room | null;
  /** Opens a room under an id that is like its name. */
  add(name: string): Room;
  setTopic(id: string, topic: Topic): void;
}

interface ListRow extends Room {
  readonly topic: string | null;
  readonly topic_by: string;
  readonly joined: number | null;
  readonly read: number | null;
  readonly newest: number | null;
}

export function roomsIn(database: Database): Rooms {
  const all = database.prepare<Room>("select id, name from rooms order by rowid");
  const list = database.prepare<ListRow>(`
    select id, name, topic, topic_by, joined, read,
      (select max(number) from messages where messages.room_id = rooms.id) as newest
    from rooms left join places on places.room_id = rooms.id and person = ? order by rooms.rowid`);
  const find = database.prepare<Room>("select id, name from rooms where id = ?");
  const findFolded = database.prepare<Room>("select id, name from rooms where folded = ?");
  const add = database.prepare("insert into rooms (id, name, folded) values (?, ?, ?)");
  const setTopic = database.prepare("update rooms set topic = ?, topic_by = ? where id = ?");
  return {
    all: () => all.all().map(toRoom),
    listFor: (person) => list.all(person).map(toListedRoom),
    find(id) {
      const room = find.get(id);
      // Compared once more: libsql looks for what stands before a NUL.
      return room?.id === id ? toRoom(room) : null;
    },
    findNamed(name) {
      const room = findFolded.get(fold(name));
      return room === undefined ? null : toRoom(room);
    },
    add(name) {
      const slug = slugOf(name);
      let id = slug;
      for (let count = 2; find.get(id) !== undefined; count++) id = `${slug}-${count}`;
      add.run(id, name, fold(name));
      return { id, name };
    },
    setTopic: (id, { text, by }) => void setTopic.run(text, by, id),
  };
}

/** What is left of a name in an address: letters without accents, digits, and hyphens between them. */
function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const words = plain.match(/[a-z0-9]+/g) ?? ["room"];
  return words.join("-").slice(0, 60);
}

// A row may have more columns than it was asked for; libsql adds one.
const toRoom = ({ id, name }: Room): Room => ({ id, name });

function toListedRoom({ topic, topic_by: by, joined, read, newest, ...room }: ListRow): ListedRoom {
  return {
    ...toRoom(room),
    topic: topic === null ? null : { text: topic, by },
    joined: joined === 1,
    read: read ?? 0,
    newest: newest ?? 0,
  };
}
