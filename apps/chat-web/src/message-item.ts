import type { Message } from "@tidings-apps/chat-contract";
import { addCaret, paintAnswer } from "./answer-state.ts";
import { paintAvatar } from "./avatar.ts";
import { copyOf, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { isSameName, paintText } from "./paint-text.ts";
import type { TimelineRow } from "./timeline.ts";

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const relativeDay = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY = 24 * 60 * 60_000;

type Reaction = Message["reactions"][number];
/** The lists of reactions. Most messages have none. */
const shownReactions = new WeakMap<HTMLElement, KeyedList<Reaction>>();

/** Creates an empty message, to be filled by `updateMessageItem`. */
export function createMessageItem(): HTMLElement {
  return copyOf("message");
}

/** Shows a message with its changes, and the day and the line above it. */
export function updateMessageItem(
  item: HTMLElement,
  row: TimelineRow,
  previous: TimelineRow | undefined,
  me: string,
): void {
  const { message, written, startsDay, startsNew, sharesByline } = row;
  item.classList.toggle("goes-on", sharesByline);
  const dayLine = elementIn(item, ".day", HTMLElement);
  dayLine.hidden = !startsDay;
  if (startsDay) setText(elementIn(dayLine, "span", HTMLElement), describeDay(message.sentAt, new Date()));
  elementIn(item, ".new-line", HTMLElement).hidden = !startsNew;
  const isSame = previous?.message === message;
  if (!isSame || previous.written !== written) paintWords(item, row, me);
  // A word of an answer changes nothing else, so a button keeps the focus.
  if (isSame) return;

  item.dataset["id"] = message.id;
  const isMine = message.author === me;
  item.classList.toggle("mine", isMine);
  const mentionsMe = !isMine && message.mentions.some((name) => isSameName(name, me));
  item.classList.toggle("names-me", mentionsMe);
  paintAvatar(elementIn(item, ".avatar", HTMLElement), message.author);
  elementIn(item, ".author", HTMLElement).textContent = message.author;
  const isDeleted = message.deletedAt !== null;
  item.classList.toggle("was-deleted", isDeleted);
  item.classList.toggle("was-edited", message.editedAt !== null && !isDeleted);
  paintAnswer(item, message);
  paintReactions(elementIn(item, ".reactions", HTMLElement), message.reactions, me);
  const more = elementIn(item, ".more", HTMLButtonElement);
  more.hidden = isDeleted;
  more.ariaLabel = isMine ? "React to, edit or delete your message" : `React to the message of ${message.author}`;
  more.title = isMine ? "React, edit or delete" : "React";
  const time = elementIn(item, "time", HTMLTimeElement);
  time.dateTime = message.sentAt.toISOString();
  time.textContent = timeOfDay.format(message.sentAt);
  time.title = dateAndTime.format(message.sentAt);
}

function paintWords(item: HTMLElement, { message, written }: TimelineRow, me: string): void {
  const text = elementIn(item, ".text", HTMLElement);
  if (message.deletedAt === null) {
    paintText(text, written?.trimEnd() ?? message.text, message.mentions, me);
  } else {
    text.textContent = "This message was deleted.";
    text.classList.remove("large");
  }
  if (message.answer?.state === "writing") addCaret(text);
}

/**
 * Turns the buttons of all messages on or off: a change of a message needs a connection, and only members of the room
 * can stop an answer.
 */
export function enableMessageButtons(
  items: HTMLElement,
  { isLive, isMember }: { readonly isLive: boolean; readonly isMember: boolean },
): void {
  for (const button of items.querySelectorAll<HTMLButtonElement>(".more, .reaction")) button.disabled = !isLive;
  for (const button of items.querySelectorAll<HTMLButtonElement>(".is-writing .stop")) {
    button.hidden = !isMember;
    button.disabled = !isLive;
  }
}

function paintReactions(list: HTMLElement, reactions: Message["reactions"], me: string): void {
  list.hidden = reactions.length === 0;
  let shown = shownReactions.get(list);
  if (shown === undefined) {
    if (reactions.length === 0) return;
    shown = new KeyedList(list, {
      key: ({ emoji }) => emoji,
      create: () => copyOf("reaction"),
      update: (item, reaction) => paintReaction(elementIn(item, "button", HTMLButtonElement), reaction, me),
    });
    shownReactions.set(list, shown);
  }
  shown.render(reactions);
}

function paintReaction(button: HTMLButtonElement, { emoji, people }: Reaction, me: string): void {
  const names = people.map((name) => (name === me ? "you" : name)).join(", ");
  button.dataset["emoji"] = emoji;
  button.ariaPressed = String(people.includes(me));
  button.ariaLabel = `${emoji} ${people.length}: ${names}`;
  button.title = names;
  elementIn(button, ".emoji", HTMLElement).textContent = emoji;
  elementIn(button, ".count", HTMLElement).textContent = String(people.length);
}

/** Returns "today", "yesterday" or the date. */
function describeDay(date: Date, now: Date): string {
  // Rounded, because a day of a change to or from summer time has 23 or 25 hours.
  const daysAgo = Math.round((startOfDay(now) - startOfDay(date)) / DAY);
  return daysAgo === 0 || daysAgo === 1 ? relativeDay.format(-daysAgo, "day") : day.format(date);
}

function startOfDay(date: Date): number {
  return new Date(date).setHours(0, 0, 0, 0);
}
