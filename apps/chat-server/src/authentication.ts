import { ASSISTANT, PERSON_HEADER, personHeader } from "@tidings-apps/chat-contract";
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { createNewcomerLimit, NEWCOMER_RATE, type NewcomerRate } from "./newcomer-limit.ts";
import { Problem } from "./problem.ts";
import { createSeenPeople } from "./seen-people.ts";
import type { Person, Sessions } from "./sessions.ts";
import type { ChatStorage, Transaction } from "./storage.ts";
import type { Tables } from "./tables.ts";

/** The room that every new person joins. A new database has it. */
const LOBBY = "lobby";

/** The most people of the chat. When one more comes, somebody is forgotten who is away and has never written. */
const MOST_PEOPLE = 10_000;
/**
 * Milliseconds after which somebody who was not seen is away. A person who is forgotten loses their rooms, read marks
 * and unread mentions. A cookie of a session that they have ended is valid again, which gives nothing away: the name
 * alone lets anybody in. The next request with a cookie of theirs adds them again, unless somebody whose name looks
 * the same has come meanwhile: then the cookie is not valid any more.
 */
const AWAY_AFTER = 86_400_000;
/** How many people are forgotten in one transaction, where an older database has too many. */
const FORGOTTEN_AT_ONCE = 100;
/** The seconds after which it makes sense to come again to a chat that is full. */
const FULL_FOR = 3_600;

const NO_SESSION = "Expected a session cookie; sign in with POST /api/session.";

/** The headers that say who sends a request. */
export interface Credentials {
  readonly cookie: string | null | undefined;
  /** `PERSON_HEADER`: whose page it is. Null or undefined if the request does not say it. */
  readonly page?: string | string[] | null | undefined;
}

/** The credentials of a request. */
export function credentialsOf({ headers }: Pick<IncomingMessage, "headers">): Credentials {
  return { cookie: headers.cookie, page: headers[PERSON_HEADER] };
}

/** Whether a request comes from the page of this person, or does not say from whose page. */
export function isPageOf({ page }: Credentials, { id }: Person): boolean {
  return (page ?? null) === null || page === personHeader(id);
}

/** Finds out who sends a request, for the HTTP API and for the stream. */
export interface Authentication {
  /**
   * Returns the person of a request, or null. Registers a person who is new. If the name looks like that of somebody
   * else by now, which needs a new database, the session is not valid any more.
   */
  authenticate(credentials: Credentials): Promise<Person | null>;
  /**
   * Adds the person to the table of people and to the lobby, if they are new. A person with a valid cookie is also new
   * if the database was deleted. Returns the name of somebody else who looks the same; then nobody is added, because
   * readers could not tell them apart. The name of the assistant is taken. Returns null if there is none.
   *
   * @param address where a sign-in comes from; the new people that it has added are counted
   * @throws Problem 429 if too many new people come from there, 503 if the chat is full and nobody can be forgotten
   */
  register(name: string, address?: string): Promise<string | null>;
  /** Answers 401 to everybody who is not signed in. */
  readonly requirePerson: RequestHandler;
  /** Returns the person of a request that `requirePerson` has let through. */
  readonly personOf: (request: object) => Person;
}

/** The options of `createAuthentication`. */
export interface AuthenticationOptions {
  readonly sessions: Sessions;
  readonly storage: Pick<ChatStorage, "tables" | "write">;
  /** @default 100 at once, then one every ten seconds */
  readonly newcomers?: NewcomerRate;
  /** @default 10_000 */
  readonly mostPeople?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Milliseconds since some moment. They never go back, also if the clock is set back. @default performance.now */
  readonly elapsed?: () => number;
}

/** Creates the authentication on the sessions and the table of people. */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { sessions, storage, mostPeople = MOST_PEOPLE, now = Date.now } = options;
  const { newcomers = NEWCOMER_RATE, elapsed = () => performance.now() } = options;
  const limit = createNewcomerLimit(elapsed, newcomers);
  const seenPeople = createSeenPeople(storage, now, AWAY_AFTER);
  const personByRequest = new WeakMap<object, Person>();
  const makeRoom = async (tx: Transaction): Promise<void> => {
    const tooMany = (await tx.people.count()) + 1 - mostPeople;
    if (tooMany <= 0) return;
    const away = await tx.people.findAway(now() - AWAY_AFTER, Math.min(tooMany, FORGOTTEN_AT_ONCE));
    if (away.length === 0) throw new Problem(503, "The chat has as many people as it can have; try later.", FULL_FOR);
    for (const name of away) {
      await tx.memberships.removeAll(name);
      await tx.mentions.removeAll(name);
      await tx.endedSessions.removeAll(name);
      await tx.people.remove(name);
    }
  };
  const register = async (name: string, address?: string): Promise<string | null> => {
    if (name === ASSISTANT) return ASSISTANT;
    if (await seenPeople.isKnown(name)) return null;
    // A person who is refused anyway does not wait for a write, and does not count.
    const taken = await lookAlikeOf(name, storage.tables);
    if (taken !== null) return taken;
    if (address !== undefined) limit.check(address);
    return storage.write(async (tx) => {
      if (await tx.people.has(name)) return null;
      const lookAlike = await lookAlikeOf(name, tx);
      if (lookAlike !== null) return lookAlike;
      await makeRoom(tx);
      if (address !== undefined) limit.take(address);
      await tx.people.add(name, now());
      // Without an event: nobody follows the inbox yet, and the log would keep one for each name.
      await tx.memberships.set(name, { roomId: LOBBY, joined: true, read: 0 });
      return null;
    });
  };
  const authenticate = async (credentials: Credentials): Promise<Person | null> => {
    const person = await sessions.read(credentials.cookie);
    if (person === null || !isPageOf(credentials, person)) return null;
    return (await register(person.id)) === null ? person : null;
  };
  return {
    authenticate,
    register,
    personOf(request) {
      const person = personByRequest.get(request);
      if (person === undefined) throw new Problem(401, NO_SESSION);
      return person;
    },
    async requirePerson(request, _response, next) {
      const person = await authenticate(credentialsOf(request));
      if (person === null) throw new Problem(401, NO_SESSION);
      personByRequest.set(request, person);
      next();
    },
  };
}

async function lookAlikeOf(name: string, { people }: Pick<Tables, "people">): Promise<string | null> {
  const [lookAlike = null] = await people.lookAlikes(name);
  return lookAlike;
}
