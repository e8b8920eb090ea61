import type { Database } from "./database.ts";
import { fold } from "./fold.ts";

/** Everybody who has ever signed in. */
export interface People {
  has(name: string): boolean;
  /** @returns whether they are new */
  add(name: string): boolean;
  /** Who is meant by names that were folded. */
  named(folded: readonly string[]): { readonly name: string; readonly folded: string }[];
}

export function peopleIn(database: Database): People {
  const has = database.prepare("select 1 from people where name = ?");
  const add = database.prepare("insert into people (name, folded) values (?, ?) on conflict do nothing");
  const named = database.prepare<{ name: string; folded: string }>(
    "select name, folded from people where folded in (select value from json_each(?)) order by name",
  );
  return {
    has: (name) => has.get(name) !== undefined,
    add: (name) => Number(add.run(name, fold(name)).changes) > 0,
    named: (folded) => named.all(JSON.stringify(folded)),
  };
}
