// An inbox per user: who asks shows a token, and reads their own inbox only. Tokens are short-lived; the stream outlives them.
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createClient } from "@tidings/client";
import { channel, ContractError, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock, type Viewer } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type ErrorRequestHandler, type Request } from "express";
import { z } from "zod";

export const notifications = defineContract({
  inbox: channel("users/:userId/inbox", { notice: z.object({ from: z.string(), text: z.string().min(1).max(500) }) }),
});

/** How long a token is good, in milliseconds. */
const LIFETIME = 600_000;

/** The server. `signIn` gives a user a token, `signOut` takes all of theirs back. */
export function startNotifications(port: number, clock = systemClock) {
  const tokens = new Map<string, Required<Viewer>>();
  const viewerOf = (authorization = "") => {
    const viewer = tokens.get(authorization.replace(/^Bearer /, ""));
    return viewer !== undefined && viewer.expiresAt > clock.now() ? viewer : null;
  };
  const hub = createHub(notifications, {
    log: memoryLog(),
    clock,
    authenticate: ({ headers }) => viewerOf(headers.get("authorization") ?? ""),
    // Whatever this does not say true to is refused: an inbox of somebody else, and any channel that is added later.
    authorize: ({ name, params, viewer }) => name === "inbox" && params.userId === viewer.id,
  });
  const signIn = (id: string): string => {
    const token = randomUUID();
    tokens.set(token, { id, expiresAt: clock.now() + LIFETIME });
    return token;
  };
  const signOut = async (id: string): Promise<void> => {
    for (const [token, viewer] of tokens) if (viewer.id === id) tokens.delete(token);
    // Streams are asked for their token when they begin, so those that run are ended.
    await hub.disconnect({ viewer: id });
  };

  const app = express().all("/events", toNodeHandler(hub));
  app.post("/users/:userId/notices", express.json(), async (request: Request<{ userId: string }>, response) => {
    const viewer = viewerOf(request.headers.authorization);
    if (viewer === null) return void response.status(401).json({ detail: "Expected a token." });
    // Whatever came as JSON: the contract checks it.
    const { text } = (request.body ?? {}) as { text: string };
    const { id } = await hub.publish(notifications.inbox(request.params), "notice", { from: viewer.id, text });
    response.status(201).json({ id });
  });
  app.use(sendContractError);
  return { hub, server: app.listen(port, "127.0.0.1"), signIn, signOut };
}

/** What the contract refuses of a sender's data is the sender's mistake, and the message says which. Without this it is a 500. */
const sendContractError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof ContractError)) return next(error);
  response.status(400).json({ code: error.code, detail: error.message });
};

/** The client. `getToken` is asked before every attempt; null is for nobody, whom the server turns away for good. */
export function connect(url: string, getToken: () => Promise<string | null>) {
  return createClient(notifications, {
    url: `${url}/events`,
    headers: async (): Promise<Record<string, string>> => {
      const token = await getToken();
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { signIn } = startNotifications(Number(port));
  const url = `http://127.0.0.1:${port}`;
  console.log(`Bob writes to Ada with
  curl -H 'Authorization: Bearer ${signIn("bob")}' --json '{"text":"tea?"}' ${url}/users/ada/notices`);
  const client = connect(url, async () => signIn("ada"));
  for await (const { data } of client.events(notifications.inbox({ userId: "ada" }))) console.log(data);
}
