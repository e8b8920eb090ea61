import type { Person } from "./sessions.ts";
import type { Queryable } from "./storage/database.ts";

/**
 * The most ended sessions of one person that are kept. Of more, those that would expire first are forgotten, and their
 * cookies are valid again. This gives nothing away: there are no passwords, so a copied cookie lets nobody do more than
 * the name does. Those of others stay, however often somebody signs out.
 */
const MOST_OF_PERSON = 100;

const INSERT = "insert into ended_sessions (id, expires_at, person) values (?, ?, ?) on conflict do nothing";
const FORGET_EXPIRED = "delete from ended_sessions where expires_at <= ?";
/** In the order of an index, read backwards. */
export const FORGET_OF_PERSON = `
  delete from ended_sessions where id in (
    select id from ended_sessions where person = ? order by expires_at desc, id desc limit 1000 offset ?)`;

/** The table of sessions that people have signed out of before the session expired. */
export function endedSessionsIn(database: Queryable, most = MOST_OF_PERSON) {
  return {
    async has(sessionId: string): Promise<boolean> {
      return (await database.get("select 1 from ended_sessions where id = ?", sessionId)) !== undefined;
    },
    /**
     * Adds a session, and removes those whose cookies have expired, and some of the same person if there are too many.
     *
     * @param now milliseconds since 1970
     */
    async add({ sessionId, expiresAt, id: person }: Person, now: number): Promise<void> {
      await database.run(INSERT, sessionId, expiresAt, person);
      await database.run(FORGET_EXPIRED, now);
      await database.run(FORGET_OF_PERSON, person, most);
    },
  };
}
