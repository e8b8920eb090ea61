import type { Database } from "./database.ts";

/** Sessions that were signed out of before they expired. */
export function endedSessionsIn(database: Database) {
  const has = database.prepare("select 1 from ended_sessions where id = ?");
  const add = database.prepare("insert into ended_sessions (id, expires_at) values (?, ?) on conflict do nothing");
  const forget = database.prepare("delete from ended_sessions where expires_at <= ?");
  return {
    has: (sessionId: string) => has.get(sessionId) !== undefined,
    /** Remembers a session until its cookie has expired, and forgets the others. Times in milliseconds since 1970. */
    add(sessionId: string, expiresAt: number, now: number): void {
      add.run(sessionId, expiresAt);
      forget.run(now);
    },
  };
}
