import type { TabChannel, Locks, Platform } from "../../packages/client/src/tabs/platform.ts";

/** What a browser may do to the messages between its tabs, each from 0 to 1. */
interface Weather {
  readonly lost: number;
  readonly repeated: number;
  readonly late: number;
}

export const FINE: Weather = { lost: 0, repeated: 0, late: 0 };

/** What a fake browser needs. */
interface BrowserNeeds {
  readonly random: () => number;
  readonly setTimeout: (task: () => void, milliseconds: number) => () => void;
}

/** What a tab's platform calls back, now or when its page is not frozen any more. */
export type Enter = (task: () => void) => void;

interface Request {
  readonly tab: object;
  readonly grant: () => void;
  readonly fail: () => void;
}

interface Lock {
  holder: Request | null;
  readonly queue: Request[];
}

interface FakeChannel extends TabChannel {
  readonly tab: object;
  readonly hear: (data: unknown) => void;
}

/** The locks and channels of one browser, without a browser. */
export class FakeBrowser {
  weather: Weather = FINE;
  readonly #needs: BrowserNeeds;
  readonly #locks = new Map<string, Lock>();
  readonly #channels = new Map<string, Set<FakeChannel>>();

  constructor(needs: BrowserNeeds) {
    this.#needs = needs;
  }

  /** @param enter runs what comes from outside of the page */
  platformOf(tab: object, enter: Enter): Platform {
    return {
      locks: this.#locksOf(tab, enter),
      openChannel: (name, onMessage) => this.#openChannel(name, tab, (data) => enter(() => onMessage(data))),
    };
  }

  /** The page is gone. */
  remove(tab: object): void {
    for (const channels of this.#channels.values()) {
      for (const channel of [...channels]) {
        if (channel.tab === tab) channels.delete(channel);
      }
    }
    for (const lock of this.#locks.values()) {
      const rest = lock.queue.filter((request) => request.tab !== tab);
      lock.queue.splice(0, lock.queue.length, ...rest);
      if (lock.holder?.tab === tab) this.#next(lock);
    }
  }

  /** The tabs that hold a lock. */
  get holders(): readonly object[] {
    return [...this.#locks.values()].flatMap(({ holder }) => (holder === null ? [] : [holder.tab]));
  }

  /** Channels that are open, and locks that are held or wanted. */
  get leftovers(): number {
    const channels = [...this.#channels.values()].reduce((sum, { size }) => sum + size, 0);
    return channels + this.holders.length + [...this.#locks.values()].reduce((sum, { queue }) => sum + queue.length, 0);
  }

  #locksOf(tab: object, enter: Enter): Locks {
    return {
      request: (name, options, whileHeld) =>
        new Promise((resolve, reject) => {
          const lock = this.#locks.get(name) ?? { holder: null, queue: [] };
          this.#locks.set(name, lock);
          const request: Request = {
            tab,
            grant: () =>
              enter(() => {
                const done = async (): Promise<void> => {
                  await whileHeld();
                  if (lock.holder === request) this.#next(lock);
                };
                resolve(done());
              }),
            fail: () => enter(() => reject(new DOMException("stolen or aborted", "AbortError"))),
          };
          if ("steal" in options) {
            lock.holder?.fail();
            lock.holder = request;
            request.grant();
            return;
          }
          options.signal.addEventListener("abort", () => {
            const index = lock.queue.indexOf(request);
            if (index !== -1) {
              lock.queue.splice(index, 1);
              request.fail();
            }
          });
          lock.queue.push(request);
          if (lock.holder === null) this.#next(lock);
        }),
    };
  }

  #next(lock: Lock): void {
    lock.holder = lock.queue.shift() ?? null;
    lock.holder?.grant();
  }

  #openChannel(name: string, tab: object, hear: FakeChannel["hear"]): TabChannel {
    const channels = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, channels);
    const channel: FakeChannel = {
      tab,
      hear: (data) => {
        if (channels.has(channel)) hear(data);
      },
      send: (message) => {
        for (const other of channels) {
          if (other !== channel) this.#send(other, structuredClone(message));
        }
      },
      close: () => void channels.delete(channel),
    };
    channels.add(channel);
    return channel;
  }

  #send(channel: FakeChannel, data: unknown): void {
    const { random, setTimeout } = this.#needs;
    const deliver = (): void => channel.hear(data);
    const { lost, repeated, late } = this.weather;
    if (random() < lost) return;
    const times = random() < repeated ? 2 : 1;
    for (let time = 0; time < times; time++) {
      // A channel delivers in a later turn.
      if (random() < late) setTimeout(deliver, random() * 200);
      else queueMicrotask(deliver);
    }
  }
}
