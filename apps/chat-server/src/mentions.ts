import type { Mention } from "@tidings-apps/chat-contract";
import type { Database } from "./database.ts";

type MentionRow = Omit<Mention, "text"> & { readonly said: string };

/** Who was named in which message and has not read it yet. */
export function mentionsIn(database: Database) {
  const unread = database.prepare<MentionRow>(`
    select rooms.id as roomId, rooms.name as roomName, messages.id as messageId, messages.number, author as "by", said
    from mentions
      join messages on messages.room_id = mentions.room_id and messages.number = mentions.number
      join rooms on rooms.id = mentions.room_id
    where person = ? order by mentions.rowid desc limit ?`);
  const add = database.prepare("insert into mentions (person, room_id, number) values (?, ?, ?)");
  const forget = database.prepare("delete from mentions where person = ? and room_id = ? and number <= ?");
  return {
    /** The newest, oldest first. */
    unread: (person: string, count: number): Mention[] => unread.all(person, count).map(toMention).reverse(),
    add: (person: string, roomId: string, number: number) => void add.run(person, roomId, number),
    /** The person has read the room up to this number. */
    forget: (person: string, roomId: string, number: number) => void forget.run(person, roomId, number),
  };
}

function toMention({ roomId, roomName, messageId, number, by, said }: MentionRow): Mention {
  // Written by the messages' `add`.
  const { text } = JSON.parse(said) as Pick<Mention, "text">;
  return { roomId, roomName, messageId, number, by, text };
}
