import { randomUUID } from "node:crypto";
import { NewName } from "@tidings-apps/chat-contract";
import { parseCookie } from "cookie";
import { sign, unsign } from "cookie-signature";
import type { CookieOptions } from "express";
import * as z from "zod/mini";

const Session = z.object({ id: NewName, sessionId: z.string(), expiresAt: z.number() });

/** Somebody who has signed in. There are no passwords: everybody who uses the same name is the same person. */
export interface Person {
  /** The name of the person. For the hub it is the id of the viewer. */
  readonly id: string;
  readonly sessionId: string;
  /** The end of the session, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Signs people in with a cookie that only this server can create. */
export interface Sessions {
  /** Begins a session, and returns the value of its cookie. */
  begin(name: string): string;
  /** Returns the person of a `Cookie` header; null if there is no valid session. */
  read(header: string | null | undefined): Promise<Person | null>;
}

/** The options of `createSessions`. */
export interface SessionsOptions {
  readonly secret: string;
  /** Whether somebody has signed out of the session. Then its cookie is invalid, and so is every copy of the cookie. */
  readonly hasEnded: (session: Person) => Promise<boolean>;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** The name of the session cookie. */
export const COOKIE = "tidings_chat";
/** The length of a session, in milliseconds. */
const SESSION_AGE = 30 * 24 * 60 * 60 * 1_000;

/**
 * With `lax`, the browser sends the cookie if somebody follows a link to the chat, but not with any other request that
 * another site starts.
 */
export const COOKIE_OPTIONS: CookieOptions = { httpOnly: true, sameSite: "lax", path: "/", maxAge: SESSION_AGE };

/** Creates the sessions of a server. They need no table: a cookie holds its session. */
export function createSessions({ secret, hasEnded, now = Date.now }: SessionsOptions): Sessions {
  return {
    begin(name) {
      const session: Person = { id: name, sessionId: randomUUID(), expiresAt: now() + SESSION_AGE };
      return sign(Buffer.from(JSON.stringify(session)).toString("base64url"), secret);
    },
    async read(header) {
      const signed = parseCookie(header ?? "")[COOKIE];
      const value = signed === undefined ? false : unsign(signed, secret);
      if (value === false) return null;
      // The signature is valid, but an older version of the chat may have signed it with other fields.
      const session = Session.safeParse(parseJson(Buffer.from(value, "base64url").toString("utf8")));
      if (!session.success) return null;
      const isOver = session.data.expiresAt <= now() || (await hasEnded(session.data));
      return isOver ? null : session.data;
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
