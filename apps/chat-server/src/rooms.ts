import type { Room } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";
import { fold } from "./fold.ts";

interface ListRow extends Room {
  readonly topic: string | null;
  readonly topic_by: string;
  readonly joined: number | null;
  readonly read: number | null;
  readonly newest: number | null;
}

/** The rooms, oldest first. */
export function roomsIn(database: Database) {
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
    all: (): Room[] => all.all().map(toRoom),
    /** With what one person has read of them. */
    listFor: (person: string) => list.all(person).map(toListed),
    find(id: string): Room | null {
      const room = find.get(id);
      return room === undefined ? null : toRoom(room);
    },
    findNamed(name: string): Room | null {
      const room = findFolded.get(fold(name));
      return room === undefined ? null : toRoom(room);
    },
    /** Under an id that is like the name. */
    add(name: string): Room {
      const slug = slugOf(name);
      let id = slug;
      for (let count = 2; find.get(id) !== undefined; count++) id = `${slug}-${count}`;
      add.run(id, name, fold(name));
      return { id, name };
    },
    setTopic: (id: string, topic: { readonly text: string; readonly by: string }) =>
      void setTopic.run(topic.text, topic.by, id),
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

const toListed = ({ topic, topic_by: by, joined, read, newest, ...room }: ListRow) => ({
  ...toRoom(room),
  topic: topic === null ? null : { text: topic, by },
  joined: joined === 1,
  /** Numbers of messages; 0 for none. */
  read: read ?? 0,
  newest: newest ?? 0,
});
