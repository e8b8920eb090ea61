import type { Mention } from "@tidings-apps/chat-contract";
import type { Queryable } from "./storage/database.ts";

type MentionRow = Omit<Mention, "text"> & { readonly said: string };

const UNREAD = `
  select rooms.id as "roomId", rooms.name as "roomName", messages.id as "messageId", messages.number, author as "by",
    said
  from mentions
    join messages on messages.room_id = mentions.room_id and messages.number = mentions.number
    join rooms on rooms.id = mentions.room_id
  where person = ? order by mentions.rowid desc limit ?`;

/** The table of unread mentions: who is mentioned in which message and has not read it yet. */
export function mentionsIn(database: Queryable) {
  return {
    /** The newest `count` unread mentions of a person, oldest first. */
    async unread(person: string, count: number): Promise<Mention[]> {
      return (await database.all<MentionRow>(UNREAD, person, count)).map(toMention).reverse();
    },
    async add(person: string, roomId: string, number: number): Promise<void> {
      await database.run("insert into mentions (person, room_id, number) values (?, ?, ?)", person, roomId, number);
    },
    /** The people who have not read this message that mentions them. */
    async peopleOf(roomId: string, number: number): Promise<string[]> {
      const sql = "select person from mentions where room_id = ? and number = ? order by rowid";
      return (await database.all<{ person: string }>(sql, roomId, number)).map(({ person }) => person);
    },
    /** Removes one mention, because the message does not mention the person any more. */
    async removeOne(person: string, roomId: string, number: number): Promise<void> {
      await database.run(
        "delete from mentions where person = ? and room_id = ? and number = ?",
        person,
        roomId,
        number,
      );
    },
    /** Removes all mentions of a person. */
    async removeAll(person: string): Promise<void> {
      await database.run("delete from mentions where person = ?", person);
    },
    /** Removes the mentions up to this number, because the person has read them. */
    async remove(person: string, roomId: string, number: number): Promise<void> {
      await database.run(
        "delete from mentions where person = ? and room_id = ? and number <= ?",
        person,
        roomId,
        number,
      );
    },
  };
}

function toMention({ roomId, roomName, messageId, number, by, said }: MentionRow): Mention {
  // Safe: `add` of messages.ts has written this JSON.
  const { text } = JSON.parse(said) as Pick<Mention, "text">;
  return { roomId, roomName, messageId, number, by, text };
}
