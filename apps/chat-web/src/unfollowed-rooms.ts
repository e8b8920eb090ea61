import { ApiError } from "./api.ts";

/** Milliseconds between two looks. */
const INTERVAL = 15_000;

/** A room, with the number of its newest message. */
interface ListedRoom {
  readonly id: string;
  readonly newest: number;
}

/**
 * Looks now and then for new messages in joined rooms that are not followed, because a connection has a limit of
 * channels. Without it, nothing in them would be unread before the page is loaded again.
 */
export class UnfollowedRooms {
  readonly #list: () => Promise<readonly ListedRoom[]>;
  readonly #onList: (rooms: readonly ListedRoom[]) => void;
  #nextLook = 0;

  /** @param list asks the server for all rooms */
  constructor(list: () => Promise<readonly ListedRoom[]>, onList: (rooms: readonly ListedRoom[]) => void) {
    this.#list = list;
    this.#onList = onList;
  }

  /** Asks the server, unless it was asked a moment ago. @param now milliseconds since 1970 */
  async look(now: number): Promise<void> {
    if (now < this.#nextLook) return;
    this.#nextLook = now + INTERVAL;
    try {
      this.#onList(await this.#list());
    } catch (error) {
      // The next look asks again.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}
