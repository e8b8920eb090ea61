import * as z from "zod/mini";

const Stored = z.object({
  theme: z.enum(["system", "light", "dark"]),
  /** A sound for every mention. */
  sound: z.boolean(),
  /** The browser's notifications, as far as it allows them. */
  notifications: z.boolean(),
  /** Whether the offer of notifications was answered; it is made once. */
  offered: z.boolean(),
});
type Stored = z.infer<typeof Stored>;
export type Theme = Stored["theme"];

const DEFAULTS: Stored = { theme: "system", sound: false, notifications: true, offered: false };
const KEY = "tidings-chat/preferences";

/** What this browser remembers for whoever sits at it. */
export class Preferences {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  #stored: Stored;

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
    this.#stored = read(storage.getItem(KEY));
  }

  get value(): Stored {
    return this.#stored;
  }

  /** A full or forbidden storage forgets it with the tab. */
  set(change: Partial<Stored>): void {
    this.#stored = { ...this.#stored, ...change };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#stored));
    } catch (error) {
      console.warn("Settings will not survive a reload.", error);
    }
  }
}

function read(text: string | null): Stored {
  try {
    // Whatever it is that was stored: it can be spread, and the schema looks at the outcome.
    return Stored.parse({ ...DEFAULTS, ...(JSON.parse(text ?? "{}") as object) });
  } catch {
    return DEFAULTS;
  }
}
