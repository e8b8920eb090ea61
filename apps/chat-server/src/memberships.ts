import type { Membership } from "@tidings-apps/chat-contract";
import { MAX_ROOMS } from "./rooms.ts";
import type { Queryable } from "./storage/database.ts";

interface MembershipRow {
  readonly room_id: string;
  readonly joined: number;
  readonly read: number;
}

const SELECT = "select room_id, joined, read from places";
const SET = `
  insert into places (person, room_id, joined, read) values (?, ?, ?, ?)
  on conflict (person, room_id) do update set joined = excluded.joined, read = excluded.read`;

/**
 * The table of memberships: who has joined which room, and up to which message they have read. Its SQL name is
 * `places`.
 */
export function membershipsIn(database: Queryable) {
  return {
    /**
     * All memberships of a person, also those of rooms that they have left: the oldest, if an older file has more than
     * a chat has rooms.
     */
    async of(person: string): Promise<Membership[]> {
      const sql = `${SELECT} where person = ? order by rowid limit ?`;
      return (await database.all<MembershipRow>(sql, person, MAX_ROOMS)).map(toMembership);
    },
    /** Returns a membership that is not joined and has read nothing if the person was never in the room. */
    async find(person: string, roomId: string): Promise<Membership> {
      const row = await database.get<MembershipRow>(`${SELECT} where person = ? and room_id = ?`, person, roomId);
      return row === undefined ? { roomId, joined: false, read: 0 } : toMembership(row);
    },
    /** Removes all memberships of a person. */
    async removeAll(person: string): Promise<void> {
      await database.run("delete from places where person = ?", person);
    },
    async set(person: string, { roomId, joined, read }: Membership): Promise<void> {
      await database.run(SET, person, roomId, Number(joined), read);
    },
  };
}

function toMembership({ room_id: roomId, joined, read }: MembershipRow): Membership {
  return { roomId, joined: joined === 1, read };
}
