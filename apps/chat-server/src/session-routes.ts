import { Router } from "express";
import { parseBody, readBody, SIGN_IN } from "./bodies.ts";
import type { Ledger } from "./ledger.ts";
import { COOKIE, COOKIE_OPTIONS, type Sessions } from "./sessions.ts";
import type { Visitors } from "./visitors.ts";

/** `/api/session`: who one is. */
export function sessionRoutes(sessions: Sessions, visitors: Visitors, ledger: Ledger): Router {
  const router = Router();
  // Not an error: whoever has just arrived is nobody yet.
  router.get("/", async ({ headers }, response) => {
    const person = await visitors.greet(headers.cookie);
    response.set("Cache-Control", "no-store").json({ viewer: person === null ? null : { name: person.id } });
  });
  router.post("/", readBody, async (request, response) => {
    const { name } = parseBody(SIGN_IN, request.body);
    await visitors.welcome(name);
    response.cookie(COOKIE, sessions.begin(name), { ...COOKIE_OPTIONS, secure: request.secure });
    response.status(201).json({ viewer: { name } });
  });
  router.delete("/", async ({ headers }, response) => {
    const person = sessions.read(headers.cookie);
    if (person !== null) {
      await ledger.write(async ({ endedSessions }) =>
        endedSessions.add(person.sessionId, person.expiresAt, Date.now()),
      );
      // In all tabs, and on every device: those whose session goes on come straight back.
      await ledger.hub.disconnect({ viewer: person.id });
    }
    response.clearCookie(COOKIE, { path: "/" }).status(204).end();
  });
  return router;
}
