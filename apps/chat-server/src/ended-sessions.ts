import type { Person } from "./sessions.ts";
import type { Queryable } from "./storage/database.ts";

/** The most ended sessions of one person that have a row each. Of more, one row ends all that expire as early. */
const MOST_OF_PERSON = 20;

const HAS = "select 1 from ended_sessions where id = ? or (id = ? and expires_at >= ?)";
const INSERT = "insert into ended_sessions (id, expires_at, person) values (?, ?, ?) on conflict do nothing";
const FORGET_EXPIRED = "delete from ended_sessions where expires_at <= ?";
/** In the order of an index, read backwards. */
export const FIND_SURPLUS = `
  select id, expires_at from ended_sessions where person = ? and id <> ?
  order by expires_at desc, id desc limit 1000 offset ?`;
const END_UP_TO = `
  insert into ended_sessions (id, expires_at, person) values (?, ?, ?)
  on conflict (id) do update set expires_at = excluded.expires_at
  where excluded.expires_at > ended_sessions.expires_at`;

/** The id of the row that ends every session of a person which expires by then. No session has this id. */
const upTo = (person: string): string => `up to ${person}`;

/**
 * The table of sessions that people have signed out of before the session expired. It has few rows of one person,
 * however often somebody signs out, and a cookie that was ended does not become valid again, unless the person is
 * forgotten. After very many, sessions that began earlier end with them.
 */
export function endedSessionsIn(database: Queryable, most = MOST_OF_PERSON) {
  return {
    async has({ sessionId, id: person, expiresAt }: Person): Promise<boolean> {
      return (await database.get(HAS, sessionId, upTo(person), expiresAt)) !== undefined;
    },
    /**
     * Adds a session, and removes those whose cookies have expired.
     *
     * @param now milliseconds since 1970
     */
    async add({ sessionId, expiresAt, id: person }: Person, now: number): Promise<void> {
      await database.run(INSERT, sessionId, expiresAt, person);
      await database.run(FORGET_EXPIRED, now);
      const surplus = await database.all<{ id: string; expires_at: number }>(FIND_SURPLUS, person, upTo(person), most);
      const [last] = surplus;
      if (last === undefined) return;
      await database.run(END_UP_TO, upTo(person), last.expires_at, person);
      for (const { id } of surplus) await database.run("delete from ended_sessions where id = ?", id);
    },
    /** Forgets all of a person who is forgotten. */
    async removeAll(person: string): Promise<void> {
      await database.run("delete from ended_sessions where person = ?", person);
    },
  };
}
