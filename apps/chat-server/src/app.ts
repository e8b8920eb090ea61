import { chat } from "@tidings-apps/chat-contract";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type ErrorRequestHandler, type Express } from "express";
import { openLedger } from "./ledger.ts";
import { builtPage, secureHeaders, servePage } from "./page.ts";
import { createPresence } from "./presence.ts";
import { notFound, Problem, sendProblem } from "./problem.ts";
import { roomRoutes } from "./room-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { createSessions } from "./sessions.ts";
import { createVisitors } from "./visitors.ts";

export interface AppOptions {
  /** What session cookies are signed with; the same after a restart, or everybody has to sign in again. */
  readonly secret: string;
  /** The file of rows and events, or `:memory:`, which ends with the process. @default ":memory:" */
  readonly database?: string;
  /** The folder of the built page. @default that of the installed package */
  readonly page?: string;
}

export interface ChatApp {
  readonly app: Express;
  readonly hub: Hub<typeof chat>;
  /** Closes hub and file. */
  close(): Promise<void>;
}

/** Messages that a page begins with. */
const MESSAGES = 50;
/** Unread mentions that a page begins with. */
const MENTIONS = 100;

/** The whole chat: who may come in, what they may say, the stream, and the page. */
export function createApp({ secret, database = ":memory:", page = builtPage() }: AppOptions): ChatApp {
  const ledger = openLedger(database, (log, { rooms, messages, places, mentions }) =>
    createHub(chat, {
      log,
      authenticate: ({ headers }) => visitors.greet(headers.get("cookie")),
      authorize({ name, params, viewer }) {
        if (name === "room") return rooms.find(params.roomId) !== null;
        return name !== "inbox" || params.userId === viewer.id;
      },
      snapshot: {
        room: ({ roomId }) => ({ messages: messages.newest(roomId, MESSAGES) }),
        directory: () => ({ rooms: rooms.all() }),
        inbox: ({ userId }) => ({ places: places.of(userId), mentions: mentions.unread(userId, MENTIONS) }),
      },
      onConnect: ({ viewer }) => presence.connect(viewer.id),
      onDisconnect: ({ viewer }) => presence.disconnect(viewer.id),
    }),
  );
  const { hub, rows } = ledger;
  const sessions = createSessions({ secret, hasEnded: (id) => rows.endedSessions.has(id) });
  const visitors = createVisitors(sessions, ledger);
  const presence = createPresence(hub);

  let closing = false;
  const explainClosing: ErrorRequestHandler = (error, _request, _response, next) => {
    const expected = error instanceof Problem || !closing;
    next(expected ? error : new Problem(503, "The server is about to close; try again in a moment."));
  };

  const app = express();
  app.disable("x-powered-by");
  app.use(secureHeaders);
  app.get("/healthz", (_request, response) => void response.json({ ok: true }));
  app.all("/events", toNodeHandler(hub));
  app.use("/api/session", sessionRoutes(sessions, visitors, ledger));
  app.use("/api/rooms", roomRoutes(visitors, ledger));
  app.use("/api", notFound);
  app.use(servePage(page));
  app.use(notFound, explainClosing, sendProblem);
  return {
    app,
    hub,
    async close() {
      closing = true;
      presence.close();
      await ledger.close();
    },
  };
}
