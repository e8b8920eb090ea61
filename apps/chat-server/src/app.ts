import { chat, PERSON_HEADER } from "@tidings-apps/chat-contract";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createPresence, type Presence } from "@tidings/server/presence";
import express, { type ErrorRequestHandler, type Express } from "express";
import { createAssistant } from "./assistant.ts";
import { createFakeModel } from "./fake-model.ts";
import { serveHosts } from "./hosts.ts";
import type { Model } from "./model.ts";
import { newestWithin } from "./newest-within.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { openStorage } from "./storage.ts";
import type { LogSetting } from "./storage/log-setting.ts";
import { builtPage, secureHeaders, servePage } from "./page.ts";
import { notFound, Problem, sendProblem } from "./problem.ts";
import { roomRoutes } from "./room-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { createSessions } from "./sessions.ts";
import { createAuthentication } from "./authentication.ts";
import { takeTurns } from "./take-turns.ts";

/** The options of `createApp`. */
export interface AppOptions {
  /** Signs the session cookies. If it changes with a restart, everybody has to sign in again. */
  readonly secret: string;
  /** Where rows and events are. In memory, they are gone when the process ends. @default { kind: "memory" } */
  readonly log?: LogSetting;
  /** The hosts that the server answers to, besides the loopback names. `*` means every host. @default [] */
  readonly hosts?: readonly string[];
  /**
   * The number of proxies in front of the server, which each add an address to `X-Forwarded-For`. Of all others, a
   * client could write what it likes. The first proxy has to set `X-Forwarded-Proto`, which is believed, too.
   * @default 0
   */
  readonly proxies?: number;
  /** Milliseconds between heartbeats on an idle stream, 1,000 to 300,000. @default 15_000 */
  readonly heartbeat?: number;
  /** The folder of the built page. @default the folder of the installed package */
  readonly page?: string;
  /** What the assistant answers with. @default a fake model, without network */
  readonly model?: Model;
  /** For how many milliseconds this server may be silent until others end its answers. @default 5_000 */
  readonly answerLease?: number;
}

/** The chat as an Express app, without a server around it. */
export interface ChatApp {
  readonly app: Express;
  readonly hub: Hub<typeof chat>;
  /** Ends the answers of the assistant, then closes presence, the hub and the tables. */
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

/** How long an inbox is kept, in milliseconds: whoever comes back within a month gets every mention. */
const INBOX_AGE = 30 * 86_400_000;

/** How long the words of an answer are kept, in milliseconds. When it has ended, its message has all of the text. */
const ANSWER_AGE = 3_600_000;
const ANSWER_ENTRIES = 10_000;

/**
 * Creates the whole chat: authentication, the HTTP API, the stream and the page.
 *
 * @throws Error if its tables or its log cannot be opened
 */
export async function createApp(options: AppOptions): Promise<ChatApp> {
  const { secret, log: setting = { kind: "memory" }, hosts = [], heartbeat = 15_000, page = builtPage() } = options;
  const { model = createFakeModel(), answerLease: lease = 5_000, proxies = 0 } = options;
  const storage = await openStorage(setting, (log, { rooms, messages, memberships, mentions }) => {
    const isRoom = async (roomId: string): Promise<boolean> => (await rooms.find(roomId)) !== null;
    return createHub(chat, {
      log,
      heartbeat,
      keep: { channels: { inbox: { age: INBOX_AGE }, answer: { age: ANSWER_AGE, entries: ANSWER_ENTRIES } } },
      authenticate: ({ headers }) =>
        authentication.authenticate({ cookie: headers.get("cookie"), page: headers.get(PERSON_HEADER) }),
      async authorize({ name, params, viewer }) {
        if (name === "room") return isRoom(params.roomId);
        // A person who may read a room may read its answers.
        if (name === "answer") return isRoom((await messages.roomOf(params.answerId)) ?? "");
        if (name === "inbox") return params.userId === viewer.id;
        return true;
      },
      snapshot: {
        room: async ({ roomId }) => ({
          messages: newestWithin(await messages.newest(roomId, SNAPSHOT_MESSAGES), SNAPSHOT_BYTES),
        }),
        directory: async () => ({ rooms: await rooms.all() }),
        inbox: async ({ userId }) => ({
          places: await memberships.of(userId),
          mentions: newestWithin(await mentions.unread(userId, SNAPSHOT_MENTIONS), SNAPSHOT_BYTES),
        }),
      },
      // A person with a stream is online, whatever it follows.
      onConnect: ({ viewerId }) => presence.connect({ viewerId, addresses: [chat.presence()] }),
      onDisconnect: ({ viewerId }) => presence.disconnect({ viewerId, addresses: [chat.presence()] }),
    });
  });
  const { hub, tables } = storage;
  const sessions = createSessions({ secret, hasEnded: (session) => tables.endedSessions.has(session) });
  const authentication = createAuthentication({ sessions, storage });
  const presence: Presence<typeof chat> = createPresence(hub, { contract: chat, servers: chat.servers() });
  const assistant = createAssistant({ storage, model, lease });

  let closing = false;
  const explainClosing: ErrorRequestHandler = (error, _request, _response, next) => {
    const isCausedByClosing = closing && !(error instanceof Problem);
    next(isCausedByClosing ? new Problem(503, "The server is about to close; try again in a moment.") : error);
  };

  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", proxies);
  app.use(oneAtATime());
  app.use(secureHeaders);
  app.use(serveHosts(hosts));
  app.get("/healthz", (_request, response) => void response.json({ ok: true }));
  app.all("/events", toNodeHandler(hub));
  app.use("/api", takeTurns());
  app.use("/api/session", sessionRoutes(sessions, authentication, storage));
  app.use("/api/rooms", roomRoutes({ authentication, storage, assistant }));
  app.use("/api", notFound);
  app.use(servePage(page));
  app.use(notFound, explainClosing, sendProblem);
  return {
    app,
    hub,
    async close() {
      closing = true;
      await Promise.all([assistant.close(), presence.close()]);
      await storage.close();
    },
  };
}
