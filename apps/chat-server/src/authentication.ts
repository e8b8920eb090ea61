import type { Request, RequestHandler } from "express";
import { join } from "./membership-changes.ts";
import { Problem } from "./problem.ts";
import type { Person, Sessions } from "./sessions.ts";
import type { ChatStorage } from "./storage.ts";

/** The room that every new person joins. A new database has it. */
const LOBBY = "lobby";

/** Finds out who sends a request, for the HTTP API and for the stream. */
export interface Authentication {
  /** Returns the person of a `Cookie` header, or null. Registers a person who is new. */
  authenticate(cookieHeader: string | null | undefined): Promise<Person | null>;
  /**
   * Adds the person to the table of people and to the lobby, if they are new. A person with a valid cookie is also new
   * if the database was deleted.
   */
  register(name: string): Promise<void>;
  /** Answers 401 to everybody who is not signed in. */
  readonly requirePerson: RequestHandler;
  /** Returns the person of a request. @throws Problem 401 if the request has no valid session */
  readonly personOf: (request: Pick<Request, "headers">) => Person;
}

/** Creates the authentication on the sessions and the table of people. */
export function createAuthentication(sessions: Sessions, storage: ChatStorage): Authentication {
  const personOf: Authentication["personOf"] = ({ headers }) => {
    const person = sessions.read(headers.cookie);
    if (person === null) throw new Problem(401, "Expected a session cookie; sign in with POST /api/session.");
    return person;
  };
  const register = async (name: string): Promise<void> => {
    if (storage.tables.people.has(name)) return;
    await storage.write(async (tx) => {
      const isNew = tx.people.add(name);
      if (isNew) await join(tx, name, LOBBY);
    });
  };
  return {
    personOf,
    register,
    async authenticate(cookieHeader) {
      const person = sessions.read(cookieHeader);
      if (person !== null) await register(person.id);
      return person;
    },
    async requirePerson(request, _response, next) {
      await register(personOf(request).id);
      next();
    },
  };
}
