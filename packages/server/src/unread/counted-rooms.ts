import type { Clock } from "@tidings/protocol/clock";

/** How many bytes of answers may wait for their readers in one hub. */
const MOST_BYTES = 32 * 1024 * 1024;

interface CountedRoom {
  bytes: number;
  since: number;
}

/** The rooms that count against the bound of a hub: of answers that nobody has taken, and of pages that are made. */
export class CountedRooms<Room extends CountedRoom> {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #rooms = new Set<Room>();
  #bytes = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#rooms.size === 0;
  }

  /** Whether the rooms have more than the bound together. Refusals do not wait for room, so this can be. */
  get isOverfull(): boolean {
    return this.#bytes > MOST_BYTES;
  }

  /** Whether so many bytes more are within the bound. A single answer may be larger than the bound. */
  fits(bytes: number): boolean {
    return this.isEmpty || this.#bytes + bytes <= MOST_BYTES;
  }

  /** The room has so many bytes from now on, whether it has counted before or not. */
  set(room: Room, bytes: number): void {
    if (this.#rooms.has(room)) this.#bytes -= room.bytes;
    this.#rooms.add(room);
    room.bytes = bytes;
    this.#bytes += bytes;
    room.since = this.#clock.monotonic();
  }

  /** @returns whether the room has counted until now */
  delete(room: Room): boolean {
    if (!this.#rooms.delete(room)) return false;
    this.#bytes -= room.bytes;
    return true;
  }

  /** The rooms for which nothing has happened for as long as each may take, in milliseconds. */
  stalled(patienceFor: (room: Room) => number): readonly Room[] {
    const now = this.#clock.monotonic();
    return [...this.#rooms].filter((room) => now - room.since >= patienceFor(room));
  }
}
