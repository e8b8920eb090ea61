import { randomUUID } from "node:crypto";
import { Name } from "@tidings-apps/chat-contract";
import { parseCookie } from "cookie";
import { sign, unsign } from "cookie-signature";
import type { CookieOptions } from "express";
import * as z from "zod/mini";

const Session = z.object({ id: Name, sessionId: z.string(), expiresAt: z.number() });

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
}

export interface SessionsOptions {
  readonly secret: string;
  /** Whether somebody has signed out of a session: its cookie is worth nothing any more, wherever it has been copied to. */
  readonly hasEnded: (sessionId: string) => boolean;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export const COOKIE = "tidings_chat";
/** A session's length, in milliseconds. */
const AGE = 30 * 24 * 60 * 60 * 1_000;

/** Lax: the cookie comes along when somebody follows a link to the chat, and with nothing else that another site starts. */
export const COOKIE_OPTIONS: CookieOptions = { httpOnly: true, sameSite: "lax", path: "/", maxAge: AGE };

export function createSessions({ secret, hasEnded, now = Date.now }: SessionsOptions): Sessions {
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
      if (!session.success || session.data.expiresAt <= now() || hasEnded(session.data.sessionId)) return null;
      return session.data;
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
