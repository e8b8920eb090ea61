import type { Database } from "./database.ts";

/** Sessions that were signed out of before they expired. */
export interface EndedSessions {
  has(sessionId: string): boolean;
  /** Remembers a session until its cookie expires, and forgets those that have. Both in milliseconds since 1970. */
  add(sessionId: string, expiresAt: number, now: number): void;
}

export function endedSessionsIn(database: Database): EndedSessions {
  const has = database.prepare("select 1 from ended_sessions where id = ?");
  const add = database.prepare("insert into ended_sessions (id, expires_at) values (?, ?) on conflict do nothing");
  const forget = database.prepare("delete from ended_sessions where expires_at <= ?");
  return {
    has: (sessionId) => has.get(sessionId) !== undefined,
    add(sessionId, expiresAt, now) {
      add.run(sessionId, expiresAt);
      forget.run(now);
    },
  };
}
