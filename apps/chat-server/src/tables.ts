import { answersIn } from "./answers.ts";
import { endedSessionsIn } from "./ended-sessions.ts";
import { membershipsIn } from "./memberships.ts";
import { mentionsIn } from "./mentions.ts";
import { messagesIn } from "./messages.ts";
import { peopleIn } from "./people.ts";
import { roomsIn } from "./rooms.ts";
import type { Queryable } from "./storage/database.ts";

/** The tables of the chat, read and written through a connection or a transaction. */
export type Tables = ReturnType<typeof tablesIn>;

/** All tables on one connection or transaction. */
export function tablesIn(database: Queryable) {
  return {
    people: peopleIn(database),
    rooms: roomsIn(database),
    messages: messagesIn(database),
    memberships: membershipsIn(database),
    mentions: mentionsIn(database),
    endedSessions: endedSessionsIn(database),
    answers: answersIn(database),
  };
}
