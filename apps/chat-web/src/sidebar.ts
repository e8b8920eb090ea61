import type { Mention } from "@tidings-apps/chat-contract";
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

interface OtherRoom extends RoomSummary {
  readonly isMentioned: boolean;
}

interface Person {
  readonly name: string;
  readonly isMe: boolean;
}

/** From this number of rooms the sidebar has a filter. */
const MIN_ROOMS_TO_FILTER = 8;

/** What the sidebar calls. */
export interface SidebarOptions {
  /** Called for the button beside a room. The name of the room is a link. */
  onJoin(roomId: string): void;
  onFilter(): void;
  onOpenMention(mention: Mention): void;
}

/** The sidebar: the unread mentions, the joined rooms, the other rooms, and who is online. */
export class Sidebar {
  readonly #joined: KeyedList<SidebarRoom>;
  readonly #others: KeyedList<OtherRoom>;
  readonly #mentions: KeyedList<Mention>;
  readonly #people: KeyedList<Person>;
  readonly #presence = element("presence", HTMLElement);
  readonly #filter = element("room-filter", HTMLInputElement);

  constructor(options: SidebarOptions) {
    this.#mentions = new KeyedList(element("mention-list", HTMLUListElement), {
      key: ({ messageId }) => messageId,
      create: () => copyOf("mention"),
      update: (item, mention, previous) => {
        if (previous === undefined) {
          elementIn(item, "a", HTMLAnchorElement).addEventListener("click", (event) => {
            event.preventDefault();
            options.onOpenMention(mention);
          });
        }
        paintMention(item, mention);
      },
    });
    this.#joined = new KeyedList(element("joined-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("joined-room"),
      update: updateJoined,
    });
    this.#others = new KeyedList(element("other-rooms", HTMLUListElement), {
      key: ({ id }) => id,
      create: () => copyOf("other-room"),
      update: (item, { id, name, isMentioned }, previous) => {
        paintLink(item, id, name);
        elementIn(item, ".named", HTMLElement).hidden = !isMentioned;
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

  render(session: Session, openRoom: string): void {
    const { roomList, mentions } = session;
    const unreadMentions = mentions.list();
    element("mentions", HTMLElement).hidden = unreadMentions.length === 0;
    setText(element("mention-count", HTMLSpanElement), formatCount(unreadMentions.length));
    this.#mentions.render(unreadMentions);

    const joined = roomList.list(true);
    const isMentioned = (roomId: string) => mentions.countIn(roomId) > 0;
    this.#joined.render(
      joined.map((room) => ({ ...room, isOpen: room.id === openRoom, isMentioned: isMentioned(room.id) })),
    );
    element("no-rooms", HTMLParagraphElement).hidden = joined.length > 0;

    const otherRooms = roomList.list(false);
    const wanted = this.#filter.value.trim().toLowerCase();
    const shown = otherRooms.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.#others.render(shown.map((room) => ({ ...room, isMentioned: isMentioned(room.id) })));
    element("browse", HTMLDetailsElement).hidden = otherRooms.length === 0;
    setText(element("other-count", HTMLSpanElement), String(otherRooms.length));
    this.#filter.hidden = otherRooms.length < MIN_ROOMS_TO_FILTER && wanted === "";
    element("no-match", HTMLParagraphElement).hidden = shown.length > 0;

    const unreadElsewhere = session.unread() - unreadIn(roomList.get(openRoom));
    element("menu-badge", HTMLSpanElement).hidden = unreadElsewhere <= 0;
    setText(element("menu-badge-count", HTMLSpanElement), formatCount(unreadElsewhere));
    this.#renderPresence(session);
  }

  #renderPresence(session: Session): void {
    const { client, person } = session;
    const names = session.people();
    // The person who looks at the page is there, even while the server does not know it yet or any more.
    const shown = [person, ...names.filter((name) => name !== person)];
    this.#people.render(shown.map((name) => ({ name, isMe: name === person })));
    const isLive = client.status.value.state === "live";
    this.#presence.classList.toggle("stale", !isLive);
    setText(element("people-title", HTMLHeadingElement), isLive ? "Here now" : "Last seen here");
    // Without a connection, and before the server has said who is there, nobody knows the number.
    const isKnown = isLive && names.includes(person);
    setText(element("people-count", HTMLSpanElement), isKnown ? String(shown.length) : "");
  }
}

function paintMention(item: HTMLElement, { roomId, roomName, by, text }: Mention): void {
  elementIn(item, "a", HTMLAnchorElement).href = linkTo(roomId);
  setText(elementIn(item, ".by", HTMLElement), by);
  setText(elementIn(item, ".where", HTMLElement), roomName);
  setText(elementIn(item, ".what", HTMLElement), text);
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
