import { paintAvatar } from "./avatar.ts";
import { copyOf, element, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { formatCount, unreadIn, type RoomSummary } from "./room-list.ts";
import { linkTo } from "./room-link.ts";
import type { Session } from "./session.ts";

interface SidebarRoom extends RoomSummary {
  readonly isOpen: boolean;
  readonly isNamed: boolean;
}

interface Person {
  readonly name: string;
  readonly isMe: boolean;
}

/** Rooms to filter: with fewer, one finds them by looking. */
const MANY = 8;

/** The rooms, and who is here. */
export class Sidebar {
  readonly #joined: KeyedList<SidebarRoom>;
  readonly #others: KeyedList<RoomSummary>;
  readonly #people: KeyedList<Person>;
  readonly #filter = element("room-filter", HTMLInputElement);

  /** @param onJoin the button beside a room; the room's name itself is a link */
  constructor(options: { onJoin(roomId: string): void; onFilter(): void }) {
    this.#joined = new KeyedList(element("joined-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("joined-room"),
      update: updateJoined,
    });
    this.#others = new KeyedList(element("other-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("other-room"),
      update: (item, { id, name }, before) => {
        paintLink(item, id, name);
        const join = elementIn(item, "button", HTMLButtonElement);
        join.ariaLabel = `Join ${name}`;
        if (before === undefined) join.addEventListener("click", () => options.onJoin(id));
      },
    });
    this.#people = new KeyedList(element("people", HTMLUListElement), {
      key: ({ name }) => name,
      create: () => copyOf("person"),
      update: (item, { name, isMe }, before) => {
        if (before !== undefined) return;
        paintAvatar(elementIn(item, ".avatar", HTMLElement), name);
        elementIn(item, ".name", HTMLElement).textContent = name;
        elementIn(item, ".you", HTMLElement).hidden = !isMe;
      },
    });
    this.#filter.addEventListener("input", () => options.onFilter());
  }

  render({ client, places, mentions, people, person }: Session, openRoom: string): void {
    const joined = places.list(true);
    this.#joined.render(
      joined.map((place) => ({ ...place, isOpen: place.id === openRoom, isNamed: mentions.isNamedIn(place.id) })),
    );
    element("no-rooms", HTMLParagraphElement).hidden = joined.length > 0;

    const others = places.list(false);
    const wanted = this.#filter.value.trim().toLowerCase();
    const shown = others.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.#others.render(shown);
    element("browse", HTMLDetailsElement).hidden = others.length === 0;
    setText(element("other-count", HTMLSpanElement), String(others.length));
    this.#filter.hidden = others.length < MANY && wanted === "";
    element("no-match", HTMLParagraphElement).hidden = shown.length > 0;

    const elsewhere = joined.filter(({ id }) => id !== openRoom).reduce((sum, place) => sum + unreadIn(place), 0);
    element("menu-badge", HTMLSpanElement).hidden = elsewhere === 0;
    setText(element("menu-badge-count", HTMLSpanElement), formatCount(elsewhere));

    const known = people.list();
    // Whoever looks is here, also before a server that has just started says so.
    const isHere = known.includes(person) || client.status.value.state === "live";
    const present = [...(isHere ? [person] : []), ...known.filter((name) => name !== person)];
    this.#people.render(present.map((name) => ({ name, isMe: name === person })));
    setText(element("people-count", HTMLSpanElement), String(present.length));
  }
}

function updateJoined(item: HTMLElement, place: SidebarRoom): void {
  const { id, name, isOpen, isNamed } = place;
  const unread = isOpen && document.visibilityState === "visible" ? 0 : unreadIn(place);
  const link = paintLink(item, id, name);
  if (isOpen) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  item.classList.toggle("unread", unread > 0);
  elementIn(item, ".named", HTMLElement).hidden = !isNamed;
  const count = elementIn(item, ".count", HTMLElement);
  count.hidden = unread === 0;
  setText(elementIn(count, "span", HTMLElement), formatCount(unread));
}

function paintLink(item: HTMLElement, roomId: string, name: string): HTMLAnchorElement {
  const link = elementIn(item, "a", HTMLAnchorElement);
  link.href = linkTo(roomId);
  link.title = name;
  setText(elementIn(item, ".name", HTMLElement), name);
  return link;
}
