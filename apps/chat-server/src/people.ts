import { ASSISTANT } from "@tidings-apps/chat-contract";
import { toComparableName } from "./comparable-name.ts";
import type { Queryable } from "./storage/database.ts";

/** The table of everybody who has signed in. `register` limits their number. */
export type People = ReturnType<typeof peopleIn>;

/** A person whose name has a comparable form. */
export interface FoundPerson {
  readonly name: string;
  readonly comparable: string;
}

const SEEN_AT = "select seen_at from people where name = ?";
const INSERT = "insert into people (name, folded, seen_at) values (?, ?, ?)";
const AWAY = `
  select name from people where has_written = 0 and seen_at <= ? and name <> ? order by seen_at, name limit ?`;

/** The table of people. The column `folded` holds the comparable form of a name. */
export function peopleIn(database: Queryable) {
  /**
   * Everybody whose comparable name is in the list. Several people can have the same comparable name, if an older
   * version of the chat has let them in.
   */
  const findByComparableNames = async (names: readonly string[]): Promise<FoundPerson[]> => {
    const [first] = names;
    if (first === undefined) return [];
    // The length of a list is a power of two, so that there are few statements to prepare.
    const length = 2 ** Math.ceil(Math.log2(names.length));
    const list = Array.from({ length }, (_, index) => names[index] ?? first);
    return database.all<FoundPerson>(
      `select name, folded as comparable from people where folded in (${list.map(() => "?").join()}) order by name`,
      ...list,
    );
  };
  return {
    async has(name: string): Promise<boolean> {
      return (await database.get("select 1 from people where name = ?", name)) !== undefined;
    },
    /** When the person was last seen, in milliseconds since 1970; null if there is no such person. */
    async seenAt(name: string): Promise<number | null> {
      return (await database.get<{ seen_at: number }>(SEEN_AT, name))?.seen_at ?? null;
    },
    async setSeenAt(name: string, seenAt: number): Promise<void> {
      await database.run("update people set seen_at = ? where name = ?", seenAt, name);
    },
    /** The person has written something that stays with their name: a message, a topic or a reaction. */
    async noteWriter(name: string): Promise<void> {
      await database.run("update people set has_written = 1 where name = ? and has_written = 0", name);
    },
    async count(): Promise<number> {
      return (await database.get<{ people: number }>("select count(*) as people from people"))?.people ?? 0;
    },
    /**
     * Of those who have never written, the names of `most` people who were not seen since a time. The one who has been
     * away for the longest is the first. A person who has written stays: otherwise somebody else could take a name that
     * looks the same, and what is written would look like theirs. The assistant stays, too.
     */
    async findAway(since: number, most: number): Promise<string[]> {
      return (await database.all<{ name: string }>(AWAY, since, ASSISTANT, most)).map(({ name }) => name);
    },
    async remove(name: string): Promise<void> {
      await database.run("delete from people where name = ?", name);
    },
    /**
     * @param seenAt milliseconds since 1970
     * @throws an error of the database if the person is there already
     */
    async add(name: string, seenAt = 0): Promise<void> {
      await database.run(INSERT, name, toComparableName(name), seenAt);
    },
    /** The names of everybody whose name looks like this one. */
    async lookAlikes(name: string): Promise<string[]> {
      return (await findByComparableNames([toComparableName(name)])).map((found) => found.name);
    },
    findByComparableNames,
  };
}
