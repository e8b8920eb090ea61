import type { Request, RequestHandler } from "express";
import { join } from "./membership-changes.ts";
import { Problem } from "./problem.ts";
import type { Person, Sessions } from "./sessions.ts";
import type { ChatStorage } from "./storage.ts";

/** The room that every new person joins. A new database has it. */
const LOBBY = "lobby";

const NO_SESSION = "Expected a session cookie; sign in with POST /api/session.";

/** Finds out who sends a request, for the HTTP API and for the stream. */
export interface Authentication {
  /**
   * Returns the person of a `Cookie` header, or null. Registers a person who is new. If the name looks like that of
   * somebody else by now, which needs a new database, the session is not valid any more.
   */
  authenticate(cookieHeader: string | null | undefined): Promise<Person | null>;
  /**
   * Adds the person to the table of people and to the lobby, if they are new. A person with a valid cookie is also new
   * if the database was deleted. Returns the name of somebody else who looks the same; then nobody is added, because
   * readers could not tell them apart. Returns null if there is none.
   */
  register(name: string): Promise<string | null>;
  /** Answers 401 to everybody who is not signed in. */
  readonly requirePerson: RequestHandler;
  /** Returns the person of a request. @throws Problem 401 if the request has no valid session */
  readonly personOf: (request: Pick<Request, "headers">) => Person;
}

/** Creates the authentication on the sessions and the table of people. */
export function createAuthentication(sessions: Sessions, storage: ChatStorage): Authentication {
  const personOf: Authentication["personOf"] = ({ headers }) => {
    const person = sessions.read(headers.cookie);
    if (person === null) throw new Problem(401, NO_SESSION);
    return person;
  };
  const register = async (name: string): Promise<string | null> => {
    if (storage.tables.people.has(name)) return null;
    return storage.write(async (tx) => {
      if (tx.people.has(name)) return null;
      const [lookAlike = null] = tx.people.lookAlikes(name);
      if (lookAlike !== null) return lookAlike;
      tx.people.add(name);
      await join(tx, name, LOBBY);
      return null;
    });
  };
  return {
    personOf,
    register,
    async authenticate(cookieHeader) {
      const person = sessions.read(cookieHeader);
      const isValid = person !== null && (await register(person.id)) === null;
      return isValid ? person : null;
    },
    async requirePerson(request, _response, next) {
      const lookAlike = await register(personOf(request).id);
      if (lookAlike !== null) throw new Problem(401, NO_SESSION);
      next();
    },
  };
}
