import { paintAvatar } from "./avatar.ts";
import { copyOf, elementIn } from "./element.ts";
import { isEmojiOnly, partsOf } from "./text-parts.ts";
import type { TimelineRow } from "./timeline.ts";

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const relativeDay = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY = 24 * 60 * 60_000;

/** Creates an empty message, to be filled by `updateMessageItem`. */
export function createMessageItem(): HTMLElement {
  return copyOf("message");
}

/** Shows a message, and the day and the line above it. The texts of people go into text nodes, never into markup. */
export function updateMessageItem(
  item: HTMLElement,
  row: TimelineRow,
  previous: TimelineRow | undefined,
  me: string,
): void {
  const { message, startsDay, startsNew, sharesByline } = row;
  item.classList.toggle("goes-on", sharesByline);
  const dayLine = elementIn(item, ".day", HTMLElement);
  dayLine.hidden = !startsDay;
  if (startsDay) elementIn(dayLine, "span", HTMLElement).textContent = describeDay(message.sentAt, new Date());
  elementIn(item, ".new-line", HTMLElement).hidden = !startsNew;
  if (previous?.message === message) return;

  item.dataset["id"] = message.id;
  item.classList.toggle("mine", message.author === me);
  const mentionsMe = message.author !== me && message.mentions.some((name) => isSameName(name, me));
  item.classList.toggle("names-me", mentionsMe);
  paintAvatar(elementIn(item, ".avatar", HTMLElement), message.author);
  elementIn(item, ".author", HTMLElement).textContent = message.author;
  paintText(elementIn(item, ".text", HTMLElement), message.text, message.mentions, me);
  const time = elementIn(item, "time", HTMLTimeElement);
  time.dateTime = message.sentAt.toISOString();
  time.textContent = timeOfDay.format(message.sentAt);
  time.title = dateAndTime.format(message.sentAt);
}

/** Shows a text, with its links and mentions as elements of their own. */
export function paintText(target: HTMLElement, text: string, mentions: readonly string[], me: string): void {
  target.classList.toggle("large", isEmojiOnly(text));
  target.replaceChildren(
    ...partsOf(text, mentions).map((part) => {
      if (part.href !== undefined) return linkTo(part.href, part.text);
      if (part.mention === undefined) return document.createTextNode(part.text);
      const mark = document.createElement("span");
      mark.className = isSameName(part.mention, me) ? "mention me-mentioned" : "mention";
      mark.textContent = part.text;
      return mark;
    }),
  );
}

function linkTo(href: string, text: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  link.textContent = text;
  return link;
}

function isSameName(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
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
