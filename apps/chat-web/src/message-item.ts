import { paintAvatar } from "./avatar.ts";
import { copyOf, elementIn } from "./element.ts";
import { isEmojiOnly, partsOf } from "./text-parts.ts";
import type { Row } from "./timeline.ts";

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const relativeDay = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY = 24 * 60 * 60_000;

export const createMessageItem = (): HTMLElement => copyOf("message");

/** Shows a message and what stands above it. Whatever people wrote goes into text nodes, never into markup. */
export function updateMessageItem(item: HTMLElement, row: Row, before: Row | undefined, me: string): void {
  const { message, startsDay, startsNew, goesOn } = row;
  item.classList.toggle("goes-on", goesOn);
  const above = elementIn(item, ".day", HTMLElement);
  above.hidden = !startsDay;
  if (startsDay) elementIn(above, "span", HTMLElement).textContent = describeDay(message.sentAt, new Date());
  elementIn(item, ".new-line", HTMLElement).hidden = !startsNew;
  if (before?.message === message) return;

  item.dataset["id"] = message.id;
  item.classList.toggle("mine", message.author === me);
  item.classList.toggle("names-me", message.author !== me && message.mentions.some((name) => isSame(name, me)));
  paintAvatar(elementIn(item, ".avatar", HTMLElement), message.author);
  elementIn(item, ".author", HTMLElement).textContent = message.author;
  paintText(elementIn(item, ".text", HTMLElement), message.text, message.mentions, me);
  const time = elementIn(item, "time", HTMLTimeElement);
  time.dateTime = message.sentAt.toISOString();
  time.textContent = timeOfDay.format(message.sentAt);
  time.title = dateAndTime.format(message.sentAt);
}

/** Text with its links and names as elements of their own. */
export function paintText(target: HTMLElement, text: string, mentions: readonly string[], me: string): void {
  target.classList.toggle("large", isEmojiOnly(text));
  target.replaceChildren(
    ...partsOf(text, mentions).map((part) => {
      if (part.href !== undefined) return linkTo(part.href, part.text);
      if (part.mention === undefined) return document.createTextNode(part.text);
      const mark = document.createElement("span");
      mark.className = isSame(part.mention, me) ? "mention me-mentioned" : "mention";
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

const isSame = (name: string, other: string): boolean => name.toLowerCase() === other.toLowerCase();

/** `today`, `yesterday`, or the date. */
function describeDay(date: Date, now: Date): string {
  const ago = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / DAY);
  return ago === 0 || ago === 1 ? relativeDay.format(-ago, "day") : day.format(date);
}
