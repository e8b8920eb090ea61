import type { Place } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

interface PlaceRow {
  readonly room_id: string;
  readonly joined: number;
  readonly read: number;
}

/** Who is a member of which room, and has read how far. */
export function placesIn(database: Database) {
  const of = database.prepare<PlaceRow>("select room_id, joined, read from places where person = ? order by rowid");
  const find = database.prepare<PlaceRow>("select room_id, joined, read from places where person = ? and room_id = ?");
  const set = database.prepare(`
    insert into places (person, room_id, joined, read) values (?, ?, ?, ?)
    on conflict (person, room_id) do update set joined = excluded.joined, read = excluded.read`);
  return {
    /** Somebody's places, those in rooms that they have left, too. */
    of: (person: string): Place[] => of.all(person).map(toPlace),
    /** Whoever has never been there has neither joined nor read anything. */
    find(person: string, roomId: string): Place {
      const row = find.get(person, roomId);
      return row === undefined ? { roomId, joined: false, read: 0 } : toPlace(row);
    },
    set: (person: string, { roomId, joined, read }: Place) => void set.run(person, roomId, Number(joined), read),
  };
}

const toPlace = ({ room_id: roomId, joined, read }: PlaceRow): Place => ({ roomId, joined: joined === 1, read });
