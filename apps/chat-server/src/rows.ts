import type { Database } from "./database.ts";
import { endedSessionsIn } from "./ended-sessions.ts";
import { mentionsIn } from "./mentions.ts";
import { messagesIn } from "./messages.ts";
import { peopleIn } from "./people.ts";
import { placesIn } from "./places.ts";
import { roomsIn } from "./rooms.ts";

/** The application's own tables, seen through one handle. */
export type Rows = ReturnType<typeof rowsIn>;

export const rowsIn = (database: Database) => ({
  people: peopleIn(database),
  rooms: roomsIn(database),
  messages: messagesIn(database),
  places: placesIn(database),
  mentions: mentionsIn(database),
  endedSessions: endedSessionsIn(database),
});
