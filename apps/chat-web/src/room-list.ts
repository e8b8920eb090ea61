import type { Membership, Room } from "@tidings-apps/chat-contract";
import { compareNames } from "./compare-names.ts";

/** What the sidebar and the header show of a room. */
export interface RoomSummary {
  readonly id: string;
  readonly name: string;
  readonly joined: boolean;
  /** The number of the last message that the person has read; 0 for none. */
  readonly read: number;
  /** The number of the newest message; 0 if there is none. */
  readonly newest: number;
}

/**
 * All rooms, each with the person's membership and the number of its newest message. The three parts come in any order:
 * a membership can come before its room.
 */
export class RoomList {
  readonly #names = new Map<string, string>();
  readonly #memberships = new Map<string, Membership>();
  readonly #newest = new Map<string, number>();

  addRoom({ id, name }: Room): void {
    this.#names.set(id, name);
  }

  /** Replaces all rooms. */
  replaceRooms(rooms: readonly Room[]): void {
    this.#names.clear();
    for (const room of rooms) this.addRoom(room);
  }

  setMembership(membership: Membership): void {
    this.#memberships.set(membership.roomId, membership);
  }

  /** Replaces all memberships. */
  replaceMemberships(memberships: readonly Membership[]): void {
    this.#memberships.clear();
    for (const membership of memberships) this.setMembership(membership);
  }

  /** A message has come: the newest number can only grow. */
  raiseNewest(roomId: string, number: number): void {
    if (number > this.#newestOf(roomId)) this.#newest.set(roomId, number);
  }

  /** A snapshot has come. The newest number can become smaller, if the server has lost its messages. */
  setNewest(roomId: string, number: number): void {
    this.#newest.set(roomId, number);
  }

  has(roomId: string): boolean {
    return this.#names.has(roomId);
  }

  /** Returns default values for a room that is not in the list. */
  get(roomId: string): RoomSummary {
    const membership = this.#memberships.get(roomId);
    return {
      id: roomId,
      name: this.#names.get(roomId) ?? roomId,
      joined: membership?.joined ?? false,
      read: membership?.read ?? 0,
      newest: this.#newestOf(roomId),
    };
  }

  /** Returns the rooms that the person has joined, or all others, sorted by name. */
  list(joined: boolean): RoomSummary[] {
    return [...this.#names.keys()]
      .map((roomId) => this.get(roomId))
      .filter((room) => room.joined === joined)
      .sort((one, other) => compareNames(one.name, other.name));
  }

  /** Returns the number of unread messages in all rooms that the person has joined. */
  unread(): number {
    return this.list(true).reduce((sum, room) => sum + unreadIn(room), 0);
  }

  #newestOf(roomId: string): number {
    return this.#newest.get(roomId) ?? 0;
  }
}

/** Returns the number of unread messages in a room: always 0 if the person has not joined it. */
export function unreadIn({ joined, newest, read }: RoomSummary): number {
  return joined ? Math.max(0, newest - read) : 0;
}

/** Returns a short text for a count: every number over 99 is `99+`. */
export function formatCount(count: number): string {
  return count > 99 ? "99+" : String(count);
}
