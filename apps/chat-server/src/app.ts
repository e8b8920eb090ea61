import { chat } from "@tidings-apps/chat-contract";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createPresence, type Presence } from "@tidings/server/presence";
import express, { type ErrorRequestHandler, type Express } from "express";
import { serveHosts } from "./hosts.ts";
import { newestWithin } from "./newest-within.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { openStorage } from "./storage.ts";
import { builtPage, secureHeaders, servePage } from "./page.ts";
import { notFound, Problem, sendProblem } from "./problem.ts";
import { roomRoutes } from "./room-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { createSessions } from "./sessions.ts";
import { createAuthentication } from "./authentication.ts";

/** The options of `createApp`. */
export interface AppOptions {
  /** Signs the session cookies. If it changes with a restart, everybody has to sign in again. */
  readonly secret: string;
  /** The file of rows and events. With `:memory:` they are gone when the process ends. @default ":memory:" */
  readonly database?: string;
  /** The hosts that the server answers to, besides the loopback names. `*` means every host. @default [] */
  readonly hosts?: readonly string[];
  /** Milliseconds between heartbeats on an idle stream, 1,000 to 300,000. @default 15_000 */
  readonly heartbeat?: number;
  /** The folder of the built page. @default the folder of the installed package */
  readonly page?: string;
}

/** The chat as an Express app, without a server around it. */
export interface ChatApp {
  readonly app: Express;
  readonly hub: Hub<typeof chat>;
  /** Closes presence, the hub and the file. */
  close(): Promise<void>;
}

/** The most messages in the snapshot of a room. */
const SNAPSHOT_MESSAGES = 50;
/** The most unread mentions in the snapshot of an inbox. */
const SNAPSHOT_MENTIONS = 100;
/**
 * The most bytes of either, as JSON. A snapshot stays far below the hub's limit of 1 MiB, also the one of an inbox with
 * `MAX_ROOMS` memberships: nobody can post so much that others cannot read the room any more.
 */
const SNAPSHOT_BYTES = 256 * 1024;

/** How long an inbox is kept, in milliseconds: who comes back within a month gets every mention. */
const INBOX_AGE = 30 * 86_400_000;

/** Creates the whole chat: authentication, the HTTP API, the stream and the page. */
export function createApp(options: AppOptions): ChatApp {
  const { secret, database = ":memory:", hosts = [], heartbeat = 15_000, page = builtPage() } = options;
  const storage = openStorage(database, (log, { rooms, messages, memberships, mentions }) =>
    createHub(chat, {
      log,
      heartbeat,
      keep: { channels: { inbox: { age: INBOX_AGE } } },
      authenticate: ({ headers }) => authentication.authenticate(headers.get("cookie")),
      authorize({ name, params, viewer }) {
        if (name === "room") return rooms.find(params.roomId) !== null;
        if (name === "inbox") return params.userId === viewer.id;
        return true;
      },
      snapshot: {
        room: ({ roomId }) => ({ messages: newestWithin(messages.newest(roomId, SNAPSHOT_MESSAGES), SNAPSHOT_BYTES) }),
        directory: () => ({ rooms: rooms.all() }),
        inbox: ({ userId }) => ({
          places: memberships.of(userId),
          mentions: newestWithin(mentions.unread(userId, SNAPSHOT_MENTIONS), SNAPSHOT_BYTES),
        }),
      },
      // Whoever has a stream is online, whatever it follows.
      onConnect: ({ viewer }) => presence.connect({ viewer, addresses: [chat.presence()] }),
      onDisconnect: ({ viewer }) => presence.disconnect({ viewer, addresses: [chat.presence()] }),
    }),
  );
  const { hub, tables } = storage;
  const sessions = createSessions({ secret, hasEnded: (id) => tables.endedSessions.has(id) });
  const authentication = createAuthentication(sessions, storage);
  const presence: Presence<typeof chat> = createPresence(hub, { contract: chat, servers: chat.servers() });

  let closing = false;
  const explainClosing: ErrorRequestHandler = (error, _request, _response, next) => {
    const isCausedByClosing = closing && !(error instanceof Problem);
    next(isCausedByClosing ? new Problem(503, "The server is about to close; try again in a moment.") : error);
  };

  const app = express();
  app.disable("x-powered-by");
  app.use(oneAtATime());
  app.use(secureHeaders);
  app.use(serveHosts(hosts));
  app.get("/healthz", (_request, response) => void response.json({ ok: true }));
  app.all("/events", toNodeHandler(hub));
  app.use("/api/session", sessionRoutes(sessions, authentication, storage));
  app.use("/api/rooms", roomRoutes(authentication, storage));
  app.use("/api", notFound);
  app.use(servePage(page));
  app.use(notFound, explainClosing, sendProblem);
  return {
    app,
    hub,
    async close() {
      closing = true;
      await presence.close();
      await storage.close();
    },
  };
}
