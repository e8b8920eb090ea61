import type { Database } from "./database.ts";
import { endedSessionsIn } from "./ended-sessions.ts";
import { membershipsIn } from "./memberships.ts";
import { mentionsIn } from "./mentions.ts";
import { messagesIn } from "./messages.ts";
import { peopleIn } from "./people.ts";
import { roomsIn } from "./rooms.ts";

/** The tables of the chat, read and written through one database handle. */
export type Tables = ReturnType<typeof tablesIn>;

/** Opens all tables on one database handle. */
export function tablesIn(database: Database) {
  return {
    people: peopleIn(database),
    rooms: roomsIn(database),
    messages: messagesIn(database),
    memberships: membershipsIn(database),
    mentions: mentionsIn(database),
    endedSessions: endedSessionsIn(database),
  };
}
