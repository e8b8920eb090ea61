import * as z from "zod/mini";

const StoredPreferences = z.object({
  theme: z.enum(["system", "light", "dark"]),
  /** Whether a mention plays a sound. */
  sound: z.boolean(),
  /** Whether the person wants notifications. The browser has to allow them, too. */
  notifications: z.boolean(),
  /** Whether the person has answered the offer of notifications. The page makes it once. */
  offered: z.boolean(),
  /** Whether the person knows of the assistant. The page tells it once. */
  knowsAssistant: z.boolean(),
});
type StoredPreferences = z.infer<typeof StoredPreferences>;
/** The theme of the page; `system` follows the system's setting. */
export type Theme = StoredPreferences["theme"];

const DEFAULTS: StoredPreferences = {
  theme: "system",
  sound: false,
  notifications: true,
  offered: false,
  knowsAssistant: false,
};
const KEY = "tidings-chat/preferences";

/** The preferences that this browser keeps, for everybody who uses it. */
export class Preferences {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  #stored: StoredPreferences;

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
    this.#stored = read(storage.getItem(KEY));
  }

  get value(): StoredPreferences {
    return this.#stored;
  }

  /** If the storage is full or forbidden, the change holds until the tab is closed. */
  set(change: Partial<StoredPreferences>): void {
    this.#stored = { ...this.#stored, ...change };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#stored));
    } catch (error) {
      console.warn("Settings will not survive a reload.", error);
    }
  }
}

function read(text: string | null): StoredPreferences {
  try {
    // Safe: any JSON value can be spread, and the schema checks the result.
    return StoredPreferences.parse({ ...DEFAULTS, ...(JSON.parse(text ?? "{}") as object) });
  } catch {
    return DEFAULTS;
  }
}
