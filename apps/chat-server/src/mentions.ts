import type { Mention } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

type MentionRow = Omit<Mention, "text"> & { readonly said: string };

/** The table of unread mentions: who is mentioned in which message and has not read it yet. */
export function mentionsIn(database: Database) {
  const unread = database.prepare<MentionRow>(`
    select rooms.id as roomId, rooms.name as roomName, messages.id as messageId, messages.number, author as "by", said
    from mentions
      join messages on messages.room_id = mentions.room_id and messages.number = mentions.number
      join rooms on rooms.id = mentions.room_id
    where person = ? order by mentions.rowid desc limit ?`);
  const add = database.prepare("insert into mentions (person, room_id, number) values (?, ?, ?)");
  const peopleOf = database.prepare<{ person: string }>(
    "select person from mentions where room_id = ? and number = ? order by rowid",
  );
  const removeOne = database.prepare("delete from mentions where person = ? and room_id = ? and number = ?");
  const remove = database.prepare("delete from mentions where person = ? and room_id = ? and number <= ?");
  return {
    /** The newest `count` unread mentions of a person, oldest first. */
    unread: (person: string, count: number): Mention[] => unread.all(person, count).map(toMention).reverse(),
    add(person: string, roomId: string, number: number): void {
      add.run(person, roomId, number);
    },
    /** The people who have not read this message that mentions them. */
    peopleOf: (roomId: string, number: number): string[] => peopleOf.all(roomId, number).map(({ person }) => person),
    /** Removes one mention, because the message does not mention the person any more. */
    removeOne(person: string, roomId: string, number: number): void {
      removeOne.run(person, roomId, number);
    },
    /** Removes the mentions up to this number, because the person has read them. */
    remove(person: string, roomId: string, number: number): void {
      remove.run(person, roomId, number);
    },
  };
}

function toMention({ roomId, roomName, messageId, number, by, said }: MentionRow): Mention {
  // Safe: `add` of messages.ts has written this JSON.
  const { text } = JSON.parse(said) as Pick<Mention, "text">;
  return { roomId, roomName, messageId, number, by, text };
}
