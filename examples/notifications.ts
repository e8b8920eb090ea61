// An inbox for each user. A reader shows a token, and can read only their own inbox. A token expires soon; the stream
// continues with the next token.
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

/** Milliseconds until a token expires. */
const TOKEN_LIFETIME = 600_000;

/** The server. `signIn` returns a new token for a user; `signOut` revokes all tokens of a user. */
export function startNotifications(port: number, clock = systemClock) {
  const tokens = new Map<string, Required<Viewer>>();
  const viewerOf = (authorization = "") => {
    const viewer = tokens.get(authorization.replace(/^Bearer /, ""));
    const isValid = viewer !== undefined && viewer.expiresAt > clock.now();
    return isValid ? viewer : null;
  };
  const hub = createHub(notifications, {
    log: memoryLog(),
    clock,
    authenticate: ({ headers }) => viewerOf(headers.get("authorization") ?? ""),
    // Everything else is refused: other people's inboxes, and every channel that is added to the contract later.
    authorize: ({ name, params, viewer }) => name === "inbox" && params.userId === viewer.id,
  });
  const signIn = (id: string): string => {
    const token = randomUUID();
    tokens.set(token, { id, expiresAt: clock.now() + TOKEN_LIFETIME });
    return token;
  };
  const signOut = async (id: string): Promise<void> => {
    for (const [token, viewer] of tokens) {
      if (viewer.id === id) tokens.delete(token);
    }
    // A stream checks its token only at its start, so running streams have to be closed here.
    await hub.disconnect({ viewer: id });
  };

  const app = express().all("/events", toNodeHandler(hub));
  app.post("/users/:userId/notices", express.json(), async (request: Request<{ userId: string }>, response) => {
    const viewer = viewerOf(request.headers.authorization);
    if (viewer === null) {
      response.status(401).json({ detail: "Expected a valid token in the Authorization header." });
      return;
    }
    // Safe: `publish` checks the text against the contract.
    const { text } = (request.body ?? {}) as { text: string };
    const { id } = await hub.publish(notifications.inbox(request.params), "notice", { from: viewer.id, text });
    response.status(201).json({ id });
  });
  app.use(sendContractError);
  return { hub, server: app.listen(port, "127.0.0.1"), signIn, signOut };
}

/**
 * Answers 400 if the sender's data does not fit the contract. The message says what is wrong. Without this handler the
 * answer is 500.
 */
const sendContractError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof ContractError)) {
    next(error);
    return;
  }
  response.status(400).json({ code: error.code, detail: error.message });
};

/**
 * The client. It calls `getToken` before every attempt to connect. With null it sends no token; then the server refuses
 * it, and the client does not try again.
 */
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
  console.log(`Send a notice from Bob to Ada with
  curl -H 'Authorization: Bearer ${signIn("bob")}' --json '{"text":"tea?"}' ${url}/users/ada/notices`);
  const client = connect(url, async () => signIn("ada"));
  for await (const { data } of client.events(notifications.inbox({ userId: "ada" }))) console.log(data);
}
