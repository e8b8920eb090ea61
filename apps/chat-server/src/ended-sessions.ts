import type { Database } from "./database.ts";

/** The table of sessions that people have signed out of before the session expired. */
export function endedSessionsIn(database: Database) {
  const has = database.prepare("select 1 from ended_sessions where id = ?");
  const add = database.prepare("insert into ended_sessions (id, expires_at) values (?, ?) on conflict do nothing");
  const removeExpired = database.prepare("delete from ended_sessions where expires_at <= ?");
  return {
    has: (sessionId: string): boolean => has.get(sessionId) !== undefined,
    /** Adds a session, and removes all sessions whose cookies have expired. Times are in milliseconds since 1970. */
    add(sessionId: string, expiresAt: number, now: number): void {
      add.run(sessionId, expiresAt);
      removeExpired.run(now);
    },
  };
}
