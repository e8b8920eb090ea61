import type { Database } from "./database.ts";
import { fold } from "./fold.ts";

/** Everybody who has ever signed in. */
export type People = ReturnType<typeof peopleIn>;

export function peopleIn(database: Database) {
  const has = database.prepare("select 1 from people where name = ?");
  const add = database.prepare("insert into people (name, folded) values (?, ?) on conflict do nothing");
  const named = database.prepare<{ name: string; folded: string }>(
    "select name, folded from people where folded in (select value from json_each(?)) order by name",
  );
  return {
    has: (name: string) => has.get(name) !== undefined,
    /** Returns whether they are new. */
    add: (name: string) => Number(add.run(name, fold(name)).changes) > 0,
    /** Whoever has one of these names, which are folded. */
    named: (folded: readonly string[]) => named.all(JSON.stringify(folded)),
  };
}
