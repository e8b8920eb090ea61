import type { ChatStorage } from "./storage.ts";

/** Milliseconds after which it is noted again that somebody was seen: most requests write nothing for it. */
const SEEN_FOR = 3_600_000;
/** Of how many people it is noted in one transaction. */
const SEEN_AT_ONCE = 100;

/** Notes when people were seen. */
export interface SeenPeople {
  /** Whether somebody is known. If so, it is noted that they are there. */
  isKnown(name: string): Promise<boolean>;
}

/**
 * @param now milliseconds since 1970
 * @param awayAfter milliseconds after which somebody who was not seen may be forgotten
 */
export function createSeenPeople(
  storage: Pick<ChatStorage, "tables" | "write">,
  now: () => number,
  awayAfter: number,
): SeenPeople {
  /** Those of whom it is to be noted. */
  const seen = new Set<string>();
  let noting: Promise<void> | null = null;

  /** It takes one place in the queue at most. What fails is noted at a later request. */
  const noteAll = async (): Promise<void> => {
    try {
      while (seen.size > 0) {
        const names = [...seen].slice(0, SEEN_AT_ONCE);
        for (const each of names) seen.delete(each);
        await storage.write(async (tx) => {
          for (const each of names) await tx.people.setSeenAt(each, now());
        });
      }
    } catch {
      seen.clear();
    } finally {
      noting = null;
    }
  };

  return {
    async isKnown(name) {
      const { people } = storage.tables;
      const seenAt = await people.seenAt(name);
      if (seenAt === null) return false;
      const absence = now() - seenAt;
      if (absence < SEEN_FOR) return true;
      seen.add(name);
      const noted = (noting ??= noteAll());
      // Half of the time: whoever waits for a write must not count as away before it has ended.
      if (absence < awayAfter / 2) return true;
      // A newcomer who waits for a write, too, may be about to take their place.
      await noted;
      return people.has(name);
    },
  };
}
