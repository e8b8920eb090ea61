import type { Request, RequestHandler } from "express";
import type { Ledger } from "./ledger.ts";
import { join } from "./membership.ts";
import { Problem } from "./problem.ts";
import type { Person, Sessions } from "./sessions.ts";

/** The room that everybody is in at first; the tables begin with it. */
const LOBBY = "lobby";

/** Knows who is asking, over the API as on the stream. */
export interface Visitors {
  /** Whom a `Cookie` header stands for, or null. Whoever comes for the first time joins the lobby. */
  greet(header: string | null | undefined): Promise<Person | null>;
  /** Somebody comes by this name: by signing in, or with a cookie that has outlived the rows. */
  welcome(name: string): Promise<void>;
  /** Lets nobody pass who is not signed in. */
  readonly guard: RequestHandler;
  /** Whom a request is from. @throws Problem 401 */
  personOf(request: Pick<Request, "headers">): Person;
}

export function createVisitors(sessions: Sessions, ledger: Ledger): Visitors {
  const personOf: Visitors["personOf"] = ({ headers }) => {
    const person = sessions.read(headers.cookie);
    if (person === null) throw new Problem(401, "Expected a session cookie; sign in with POST /api/session.");
    return person;
  };
  const welcome = async (name: string): Promise<void> => {
    if (ledger.rows.people.has(name)) return;
    await ledger.write(async (tx) => {
      if (tx.people.add(name)) await join(tx, name, LOBBY);
    });
  };
  return {
    personOf,
    welcome,
    async greet(header) {
      const person = sessions.read(header);
      if (person !== null) await welcome(person.id);
      return person;
    },
    async guard(request, _response, next) {
      await welcome(personOf(request).id);
      next();
    },
  };
}
