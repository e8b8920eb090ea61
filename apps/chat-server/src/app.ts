import { chat } from "@tidings-apps/chat-contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type Express, type Request, type RequestHandler } from "express";
import { NEW_MESSAGE, parseBody, readBody, SIGN_IN } from "./bodies.ts";
import { builtPage, secureHeaders, servePage } from "./page.ts";
import { notFound, Problem, sendProblem } from "./problem.ts";
import { memoryRooms } from "./room-store.ts";
import { COOKIE, COOKIE_OPTIONS, createSessions, type Person } from "./sessions.ts";

export interface AppOptions {
  /** What session cookies are signed with; the same after a restart, or everybody has to sign in again. */
  readonly secret: string;
  /** @default a log in memory */
  readonly log?: EventLog;
  /** The folder of the built page. @default that of the installed package */
  readonly page?: string;
}

export interface ChatApp {
  readonly app: Express;
  readonly hub: Hub<typeof chat>;
}

/** Messages that a page begins with. */
const SNAPSHOT = 50;

/** The whole chat: who may come in, what they may say, the stream, and the page. */
export function createApp({ secret, log = memoryLog(), page = builtPage() }: AppOptions): ChatApp {
  const sessions = createSessions(secret);
  const rooms = memoryRooms(["lobby"]);
  const hub = createHub(chat, {
    log,
    authenticate: ({ headers }) => sessions.read(headers.get("cookie")),
    authorize: ({ name, params }) => name === "room" && rooms.has(params.roomId),
    snapshot: { room: ({ roomId }) => ({ messages: rooms.newest(roomId, SNAPSHOT) }) },
  });

  /** @throws Problem 401 */
  const personOf = ({ headers }: Pick<Request, "headers">): Person => {
    const person = sessions.read(headers.cookie);
    if (person === null) throw new Problem(401, "Expected a session cookie; sign in with POST /api/session.");
    return person;
  };
  // First who, then where: only then is a body read.
  const enterRoom: RequestHandler<{ roomId: string }> = (request, _response, next) => {
    personOf(request);
    if (!rooms.has(request.params.roomId)) throw new Problem(404, `There is no room "${request.params.roomId}".`);
    next();
  };

  const app = express();
  app.disable("x-powered-by");
  app.use(secureHeaders);
  app.get("/healthz", (_request, response) => void response.json({ ok: true }));
  app.all("/events", toNodeHandler(hub));

  // Not an error: whoever has just arrived is nobody yet.
  app.get("/api/session", (request, response) => {
    const person = sessions.read(request.headers.cookie);
    response.set("Cache-Control", "no-store").json({ viewer: person === null ? null : { name: person.id } });
  });
  app.post("/api/session", readBody, (request, response) => {
    const { name } = parseBody(SIGN_IN, request.body);
    response.cookie(COOKIE, sessions.begin(name), { ...COOKIE_OPTIONS, secure: request.secure });
    response.status(201).json({ viewer: { name } });
  });
  app.delete("/api/session", async (request, response) => {
    const person = sessions.read(request.headers.cookie);
    if (person !== null) {
      sessions.end(person);
      // In all tabs, and on every device: those whose session goes on come straight back.
      await hub.disconnect({ viewer: person.id });
    }
    response.clearCookie(COOKIE, { path: "/" }).status(204).end();
  });

  app.post("/api/rooms/:roomId/messages", enterRoom, readBody, async (request, response) => {
    const { roomId } = request.params;
    const draft = parseBody(NEW_MESSAGE, request.body);
    // The row before its event: a snapshot that is read once the event can be seen has the row, too.
    const message = rooms.add(roomId, { ...draft, author: personOf(request).id });
    await hub.publish(chat.room({ roomId }), "message", message, { idempotencyKey: message.id });
    response.status(201).json({ message });
  });
  app.post("/api/rooms/:roomId/typing", enterRoom, async (request, response) => {
    await hub.publish(chat.room(request.params), "typing", { author: personOf(request).id });
    response.status(202).end();
  });
  app.use("/api", notFound);

  app.use(servePage(page));
  app.use(notFound, sendProblem);
  return { app, hub };
}
