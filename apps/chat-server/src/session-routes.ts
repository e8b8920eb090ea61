import { ASSISTANT } from "@tidings-apps/chat-contract";
import { Router } from "express";
import { credentialsOf, isPageOf, type Authentication } from "./authentication.ts";
import { parseBody, readBody, SIGN_IN } from "./bodies.ts";
import { Problem } from "./problem.ts";
import { COOKIE, COOKIE_OPTIONS, type Sessions } from "./sessions.ts";
import type { ChatStorage } from "./storage.ts";

/** The routes of `/api/session`: who is signed in, sign in, sign out. */
export function sessionRoutes(sessions: Sessions, authentication: Authentication, storage: ChatStorage): Router {
  const router = Router();
  // Without a session the answer is `null` and not an error: everybody starts without one.
  router.get("/", async (request, response) => {
    const person = await authentication.authenticate(credentialsOf(request));
    const viewer = person === null ? null : { name: person.id };
    response.set("Cache-Control", "no-store").json({ viewer });
  });
  router.post("/", readBody, async (request, response) => {
    const { name } = parseBody(SIGN_IN, request.body);
    const lookAlike = await authentication.register(name, request.ip ?? "");
    if (lookAlike !== null) throw new Problem(409, explainLookAlike(name, lookAlike));
    response.cookie(COOKIE, sessions.begin(name), { ...COOKIE_OPTIONS, secure: request.secure });
    response.status(201).json({ viewer: { name } });
  });
  router.delete("/", async (request, response) => {
    const person = await sessions.read(request.headers.cookie);
    // Somebody else has signed in, in another tab: that session goes on.
    if (person !== null && !isPageOf(credentialsOf(request), person)) return void response.status(204).end();
    if (person !== null) {
      await storage.write(async ({ endedSessions }) => endedSessions.add(person, Date.now()));
      // Ends the streams of all tabs and devices. Those with another, valid session reconnect at once.
      await storage.hub.disconnect({ viewer: person.id });
    }
    response.clearCookie(COOKIE, { path: "/" }).status(204).end();
  });
  return router;
}

function explainLookAlike(name: string, lookAlike: string): string {
  if (lookAlike === ASSISTANT) {
    return `Expected a name of your own, but ${ASSISTANT} is the assistant of this chat; choose another one.`;
  }
  const got = `${JSON.stringify(name)} looks like ${JSON.stringify(lookAlike)}`;
  return `Expected a name that looks like nobody else's, but ${got}; sign in with that name, or choose another one.`;
}
