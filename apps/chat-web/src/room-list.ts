import type { Membership, Room } from "@tidings-apps/chat-contract";

/** A room as the sidebar lists it. */
export interface RoomSummary {
  readonly id: string;
  readonly name: string;
  readonly joined: boolean;
  /** Up to which number the person has read. */
  readonly read: number;
  /** The number of the newest message; 0 as long as there is none. */
  readonly newest: number;
}

/** Which rooms there are, and the person's place in each. What is told about a room may come before the room itself. */
export class RoomList {
  readonly #names = new Map<string, string>();
  readonly #places = new Map<string, Membership>();
  readonly #newest = new Map<string, number>();

  open({ id, name }: Room): void {
    this.#names.set(id, name);
  }

  /** These rooms and no others. */
  replaceRooms(rooms: readonly Room[]): void {
    this.#names.clear();
    for (const room of rooms) this.open(room);
  }

  put(place: Membership): void {
    this.#places.set(place.roomId, place);
  }

  /** These places and no others. */
  replaceMemberships(places: readonly Membership[]): void {
    this.#places.clear();
    for (const place of places) this.put(place);
  }

  /** A message came: never backwards. */
  arrive(roomId: string, number: number): void {
    if (number > this.#newestOf(roomId)) this.#newest.set(roomId, number);
  }

  /** A state came: it is the truth, also where a server that forgot begins anew. */
  restart(roomId: string, newest: number): void {
    this.#newest.set(roomId, newest);
  }

  has(roomId: string): boolean {
    return this.#names.has(roomId);
  }

  get(roomId: string): RoomSummary {
    const place = this.#places.get(roomId);
    return {
      id: roomId,
      name: this.#names.get(roomId) ?? roomId,
      joined: place?.joined ?? false,
      read: place?.read ?? 0,
      newest: this.#newestOf(roomId),
    };
  }

  /** Joined rooms or the others, by name. */
  list(joined: boolean): RoomSummary[] {
    return [...this.#names.keys()]
      .map((roomId) => this.get(roomId))
      .filter((place) => place.joined === joined)
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /** What has come since the person read last, in all rooms that they are in. */
  unread(): number {
    return this.list(true).reduce((sum, place) => sum + unreadIn(place), 0);
  }

  #newestOf(roomId: string): number {
    return this.#newest.get(roomId) ?? 0;
  }
}

/** Messages that wait to be read. Where nobody joined, nothing waits. */
export function unreadIn({ joined, newest, read }: RoomSummary): number {
  return joined ? Math.max(0, newest - read) : 0;
}

/** `99+` is as good as any larger number. */
export function formatCount(count: number): string {
  return count > 99 ? "99+" : String(count);
}
