import { randomUUID } from "node:crypto";
import { parseCookie } from "cookie";
import { sign, unsign } from "cookie-signature";
import type { CookieOptions } from "express";
import * as z from "zod/mini";

/** Somebody who has signed in. Whoever says the same name is the same person: there are no passwords here. */
export interface Person {
  /** The name: what a hub knows its viewers by. */
  readonly id: string;
  readonly sessionId: string;
  /** When the session ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Signs people in by a cookie that only this server can have made. */
export interface Sessions {
  /** Begins a session. Returns the value of its cookie. */
  begin(name: string): string;
  /** The person of a `Cookie` header, or null. */
  read(header: string | null | undefined): Person | null;
  /** From now on the session's cookie is worth nothing, wherever it has been copied to. */
  end(person: Person): void;
}

export const COOKIE = "tidings_chat";
/** A session's length, in milliseconds. */
const AGE = 30 * 24 * 60 * 60 * 1_000;
/** Sessions whose end is remembered: those that ended last. */
const ENDED = 10_000;

/** Lax: the cookie comes along when somebody follows a link to the chat, and with nothing else that another site starts. */
export const COOKIE_OPTIONS: CookieOptions = { httpOnly: true, sameSite: "lax", path: "/", maxAge: AGE };

const Session = z.object({ id: z.string(), sessionId: z.string(), expiresAt: z.number() });

export function createSessions(secret: string, now: () => number = Date.now): Sessions {
  const ended = new Set<string>();
  return {
    begin(name) {
      const session: Person = { id: name, sessionId: randomUUID(), expiresAt: now() + AGE };
      return sign(Buffer.from(JSON.stringify(session)).toString("base64url"), secret);
    },
    read(header) {
      const signed = parseCookie(header ?? "")[COOKIE];
      const value = signed === undefined ? false : unsign(signed, secret);
      if (value === false) return null;
      // Signed by us, but perhaps by an older version of us.
      const session = Session.safeParse(parseJson(Buffer.from(value, "base64url").toString("utf8")));
      if (!session.success || session.data.expiresAt <= now() || ended.has(session.data.sessionId)) return null;
      return session.data;
    },
    end({ sessionId }) {
      ended.add(sessionId);
      const [oldest] = ended;
      if (ended.size > ENDED && oldest !== undefined) ended.delete(oldest);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
