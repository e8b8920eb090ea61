import type { Membership } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";
import { MAX_ROOMS } from "./rooms.ts";

interface MembershipRow {
  readonly room_id: string;
  readonly joined: number;
  readonly read: number;
}

/**
 * The table of memberships: who has joined which room, and up to which message they have read. Its SQL name is
 * `places`.
 */
export function membershipsIn(database: Database) {
  const select = "select room_id, joined, read from places";
  const of = database.prepare<MembershipRow>(`${select} where person = ? order by rowid limit ?`);
  const find = database.prepare<MembershipRow>(`${select} where person = ? and room_id = ?`);
  const set = database.prepare(`
    insert into places (person, room_id, joined, read) values (?, ?, ?, ?)
    on conflict (person, room_id) do update set joined = excluded.joined, read = excluded.read`);
  return {
    /**
     * All memberships of a person, also those of rooms that they have left: the oldest, if an older file has more than
     * a chat has rooms.
     */
    of: (person: string): Membership[] => of.all(person, MAX_ROOMS).map(toMembership),
    /** Returns a membership that is not joined and has read nothing if the person was never in the room. */
    find(person: string, roomId: string): Membership {
      const row = find.get(person, roomId);
      return row === undefined ? { roomId, joined: false, read: 0 } : toMembership(row);
    },
    set(person: string, { roomId, joined, read }: Membership): void {
      set.run(person, roomId, Number(joined), read);
    },
  };
}

function toMembership({ room_id: roomId, joined, read }: MembershipRow): Membership {
  return { roomId, joined: joined === 1, read };
}
