import { toComparableName } from "./comparable-name.ts";
import type { Database } from "./database.ts";

/** The table of everybody who has ever signed in. */
export type People = ReturnType<typeof peopleIn>;

/** Opens the table of people. The column `folded` holds the comparable form of a name. */
export function peopleIn(database: Database) {
  const has = database.prepare("select 1 from people where name = ?");
  const add = database.prepare("insert into people (name, folded) values (?, ?)");
  const findByComparableNames = database.prepare<{ name: string; comparable: string }>(
    "select name, folded as comparable from people where folded in (select value from json_each(?)) order by name",
  );
  return {
    has: (name: string): boolean => has.get(name) !== undefined,
    /** @throws an error of SQLite if the person is there already */
    add(name: string): void {
      add.run(name, toComparableName(name));
    },
    /** The names of everybody whose name looks like this one. */
    lookAlikes: (name: string): string[] =>
      findByComparableNames.all(JSON.stringify([toComparableName(name)])).map((found) => found.name),
    /**
     * Everybody whose comparable name is in the list. Several people can have the same comparable name, if an older
     * version of the chat has let them in.
     */
    findByComparableNames: (names: readonly string[]) => findByComparableNames.all(JSON.stringify(names)),
  };
}
