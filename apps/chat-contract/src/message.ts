import { isoDate } from "@tidings/contract/codecs";
import * as z from "zod/mini";
import { AnswerEnd, AnswerState } from "./answer.ts";
import { Name, Text } from "./words.ts";

/** The emoji with which people can react to a message. */
export const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "😢"] as const;

/** One of `REACTIONS`. */
export const Emoji = z.enum(REACTIONS);
export type Emoji = z.infer<typeof Emoji>;

/** Everybody who has reacted with one emoji, in the order in which they did. */
const Reaction = z.object({ emoji: Emoji, people: z.array(Name) });

const TextOrNothing = z.union([Text, z.literal("")]);

/**
 * One message of a room, with all its changes. The id is the message's own, not its position in the log: a snapshot and
 * an event can carry the same message, and the id shows that it is the same.
 *
 * The fields with defaults are missing in events of older versions of the chat.
 */
export const Message = z.object({
  id: z.string(),
  /**
   * 1, 2, 3 … within the room, without holes. The number of unread messages is the newest number minus the read one.
   */
  number: z.number(),
  author: Name,
  /** Empty if the message was deleted. The words of an answer that is being written are in a channel of their own. */
  text: TextOrNothing,
  /** The names of the people who are mentioned in the text with an `@`. */
  mentions: z.array(Name),
  /** A `Date` in the program, ISO text on the wire. */
  sentAt: isoDate,
  /** The number of changes that the message has had. Of two copies of a message, the one with more changes is newer. */
  revision: z._default(z.number(), 0),
  editedAt: z._default(z.nullable(isoDate), null),
  deletedAt: z._default(z.nullable(isoDate), null),
  reactions: z._default(z.array(Reaction), []),
  /** How far the answer is; null for a message that is none. */
  answer: z._default(z.nullable(AnswerState), null),
});
export type Message = z.infer<typeof Message>;

/** The fields of a message that was not changed, and that is no answer. */
export const UNCHANGED: Pick<Message, "revision" | "editedAt" | "deletedAt" | "reactions" | "answer"> = {
  revision: 0,
  editedAt: null,
  deletedAt: null,
  reactions: [],
  answer: null,
};

/** What every change of a message has: the message, and the revision that the change makes. */
const change = { id: z.string(), revision: z.number() };

/** The author has changed the text. */
export const Edited = z.object({ ...change, text: Text, mentions: z.array(Name), editedAt: isoDate });
/** The author has deleted the message. Its number stays taken. */
export const Deleted = z.object({ ...change, deletedAt: isoDate });
/** Somebody has added a reaction, or has taken it back. */
export const Reacted = z.object({ ...change, by: Name, emoji: Emoji, isOn: z.boolean() });
/** An answer has ended: this is all of its text. */
export const Answered = z.object({ ...change, text: TextOrNothing, answer: AnswerEnd });

/** An event that changes a message. */
export type MessageChange =
  | { readonly type: "edited"; readonly data: z.infer<typeof Edited> }
  | { readonly type: "deleted"; readonly data: z.infer<typeof Deleted> }
  | { readonly type: "reacted"; readonly data: z.infer<typeof Reacted> }
  | { readonly type: "answered"; readonly data: z.infer<typeof Answered> };

/**
 * Returns the message with the change. It returns the same message if that has the change already, so an event may come
 * again, and a snapshot may be newer than the event.
 */
export function applyChange(message: Message, { type, data }: MessageChange): Message {
  const { revision } = data;
  if (revision <= message.revision) return message;
  switch (type) {
    case "edited":
      return { ...message, revision, text: data.text, mentions: data.mentions, editedAt: data.editedAt };
    case "deleted":
      return { ...message, revision, text: "", mentions: [], reactions: [], deletedAt: data.deletedAt };
    case "reacted":
      return { ...message, revision, reactions: withReaction(message.reactions, data) };
    case "answered":
      return { ...message, revision, text: data.text, answer: data.answer };
  }
}

type Reactions = Message["reactions"];

function withReaction(reactions: Reactions, { by, emoji, isOn }: z.infer<typeof Reacted>): Reactions {
  const isNewEmoji = !reactions.some((reaction) => reaction.emoji === emoji);
  const all = isNewEmoji ? [...reactions, { emoji, people: [] }] : reactions;
  return all
    .map((reaction) => {
      if (reaction.emoji !== emoji) return reaction;
      const others = reaction.people.filter((name) => name !== by);
      return { emoji, people: isOn ? [...others, by] : others };
    })
    .filter(({ people }) => people.length > 0);
}
