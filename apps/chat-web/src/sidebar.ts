import { paintAvatar } from "./avatar.ts";
import { copyOf, element, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { formatCount, unreadIn, type RoomSummary } from "./room-list.ts";
import { linkTo } from "./room-link.ts";
import type { Session } from "./session.ts";

interface SidebarRoom extends RoomSummary {
  readonly isOpen: boolean;
  readonly isMentioned: boolean;
}

interface Person {
  readonly name: string;
  readonly isMe: boolean;
}

/** From this number of rooms the sidebar has a filter. */
const MIN_ROOMS_TO_FILTER = 8;

/** The sidebar: the joined rooms, the other rooms, and who is online. */
export class Sidebar {
  readonly #joined: KeyedList<SidebarRoom>;
  readonly #others: KeyedList<RoomSummary>;
  readonly #people: KeyedList<Person>;
  readonly #filter = element("room-filter", HTMLInputElement);

  /** `onJoin` is called for the button beside a room. The name of the room is a link. */
  constructor(options: { onJoin(roomId: string): void; onFilter(): void }) {
    this.#joined = new KeyedList(element("joined-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("joined-room"),
      update: updateJoined,
    });
    this.#others = new KeyedList(element("other-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("other-room"),
      update: (item, { id, name }, previous) => {
        paintLink(item, id, name);
        const join = elementIn(item, "button", HTMLButtonElement);
        join.ariaLabel = `Join ${name}`;
        if (previous === undefined) join.addEventListener("click", () => options.onJoin(id));
      },
    });
    this.#people = new KeyedList(element("people", HTMLUListElement), {
      key: ({ name }) => name,
      create: () => copyOf("person"),
      update: (item, { name, isMe }, previous) => {
        if (previous !== undefined) return;
        paintAvatar(elementIn(item, ".avatar", HTMLElement), name);
        elementIn(item, ".name", HTMLElement).textContent = name;
        elementIn(item, ".you", HTMLElement).hidden = !isMe;
      },
    });
    this.#filter.addEventListener("input", () => options.onFilter());
  }

  render({ client, roomList, mentions, people, person }: Session, openRoom: string): void {
    const joined = roomList.list(true);
    this.#joined.render(
      joined.map((room) => ({
        ...room,
        isOpen: room.id === openRoom,
        isMentioned: mentions.hasUnreadIn(room.id),
      })),
    );
    element("no-rooms", HTMLParagraphElement).hidden = joined.length > 0;

    const otherRooms = roomList.list(false);
    const wanted = this.#filter.value.trim().toLowerCase();
    const shown = otherRooms.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.#others.render(shown);
    element("browse", HTMLDetailsElement).hidden = otherRooms.length === 0;
    setText(element("other-count", HTMLSpanElement), String(otherRooms.length));
    this.#filter.hidden = otherRooms.length < MIN_ROOMS_TO_FILTER && wanted === "";
    element("no-match", HTMLParagraphElement).hidden = shown.length > 0;

    const unreadElsewhere = joined.filter(({ id }) => id !== openRoom).reduce((sum, room) => sum + unreadIn(room), 0);
    element("menu-badge", HTMLSpanElement).hidden = unreadElsewhere === 0;
    setText(element("menu-badge-count", HTMLSpanElement), formatCount(unreadElsewhere));

    const others = people.list().filter((name) => name !== person);
    // With a live connection this person is online, even if a server that has just started has not published it yet.
    const isOnline = people.list().includes(person) || client.status.value.state === "live";
    const online = isOnline ? [person, ...others] : others;
    this.#people.render(online.map((name) => ({ name, isMe: name === person })));
    setText(element("people-count", HTMLSpanElement), String(online.length));
  }
}

function updateJoined(item: HTMLElement, room: SidebarRoom): void {
  const { id, name, isOpen, isMentioned } = room;
  const isOnScreen = isOpen && document.visibilityState === "visible";
  const unread = isOnScreen ? 0 : unreadIn(room);
  const link = paintLink(item, id, name);
  if (isOpen) {
    link.setAttribute("aria-current", "page");
  } else {
    link.removeAttribute("aria-current");
  }
  item.classList.toggle("unread", unread > 0);
  elementIn(item, ".named", HTMLElement).hidden = !isMentioned;
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
