import type { Database } from "./database.ts";
import { endedSessionsIn, type EndedSessions } from "./ended-sessions.ts";
import { mentionsIn, type Mentions } from "./mentions.ts";
import { messagesIn, type Messages } from "./messages.ts";
import { peopleIn, type People } from "./people.ts";
import { placesIn, type Places } from "./places.ts";
import { roomsIn, type Rooms } from "./rooms.ts";

/** The application's own tables, seen through one handle. */
export interface Rows {
  readonly people: People;
  readonly rooms: Rooms;
  readonly messages: Messages;
  readonly places: Places;
  readonly mentions: Mentions;
  readonly endedSessions: EndedSessions;
}

export const rowsIn = (database: Database): Rows => ({
  people: peopleIn(database),
  rooms: roomsIn(database),
  messages: messagesIn(database),
  places: placesIn(database),
  mentions: mentionsIn(database),
  endedSessions: endedSessionsIn(database),
});
