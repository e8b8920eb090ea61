import { chat } from "@tidings-apps/chat-contract";
import { serve, type ChatServer, type ServeOptions } from "@tidings-apps/chat-server";
import { createClient, type Client } from "@tidings/client";

/** A chat server on a port of 127.0.0.1. */
export interface RunningChat {
  readonly server: ChatServer;
  readonly url: string;
}

/** Starts a chat on a free port, in this process. The caller has to close it. */
export async function startChat(options: Partial<ServeOptions> = {}): Promise<RunningChat> {
  const server = await serve({ host: "127.0.0.1", port: 0, secret: "for tests only", ...options });
  return { server, url: `http://127.0.0.1:${server.port}` };
}

/** What the server stores about the lobby, the list of rooms and one person. */
export interface ChatState {
  /** `GET /api/rooms` */
  readonly rooms: unknown;
  /** The snapshots: the application's rows. */
  readonly state: Readonly<Record<string, unknown>>;
  /** The entries of the log, oldest first. */
  readonly events: readonly { readonly channel: string; readonly type: string; readonly data: unknown }[];
  /** The end of the log. It moves with each published event. */
  readonly cursor: string;
}

/** A person who is signed in and uses the HTTP API. */
export interface Visitor {
  readonly cookie: string;
  /** Sends a string as it is, and any other body as JSON. */
  request(method: string, path: string, body?: unknown): Promise<Response>;
  /** Posts a message to the lobby. @throws Error when the answer is not 201 */
  say(text: string): Promise<void>;
  /** The texts of the newest messages of the lobby in the log, oldest first. */
  read(last: number): Promise<string[]>;
  /** Reads what the server stores. */
  look(): Promise<ChatState>;
  /** A client with the session of this person. */
  connect(): Client<typeof chat>;
}

/** Signs a person in. @throws Error when the server refuses the name */
export async function visit(url: string, name: string): Promise<Visitor> {
  const signedIn = await sendTo(url, "", "POST", "/api/session", { name });
  if (!signedIn.ok) throw new Error(`Expected to sign in as ${JSON.stringify(name)}, got ${signedIn.status}.`);
  return visitorWith(url, cookieOf(signedIn), name);
}

/** A person who has the cookie of an earlier sign-in. */
export function visitorWith(url: string, cookie: string, name: string): Visitor {
  const request: Visitor["request"] = (method, path, body) => sendTo(url, cookie, method, path, body);
  /** Reads a page. Its form is defined by PROTOCOL.md, section 6, and the contract of the chat. */
  const page = async <Page>(query: string): Promise<Page> => {
    const response = await fetch(`${url}/events?${query}`, { headers: { cookie, accept: "application/json" } });
    if (!response.ok) throw new Error(`Expected a page for ${query}, got ${response.status}.`);
    return (await response.json()) as Page;
  };
  return {
    cookie,
    request,
    async say(text) {
      const { status } = await request("POST", "/api/rooms/lobby/messages", { text });
      if (status !== 201) throw new Error(`Expected 201 for a message, got ${status}.`);
    },
    async read(last) {
      const { events } = await page<{ events: { data: { text: string } }[] }>(`channel=rooms/lobby&last=${last}`);
      return events.map(({ data }) => data.text);
    },
    async look() {
      const addresses = [chat.room({ roomId: "lobby" }), chat.directory(), chat.inbox({ userId: name })];
      const channels = addresses.map(({ path }) => `channel=${encodeURIComponent(path)}`).join("&");
      const { rooms } = (await (await request("GET", "/api/rooms")).json()) as { rooms: unknown };
      const { events } = await page<Pick<ChatState, "events">>(`${channels}&last=500`);
      const { state, cursor } = await page<Pick<ChatState, "state" | "cursor">>(`${channels}&snapshot`);
      return { rooms, state, events, cursor };
    },
    connect: () => createClient(chat, { url: `${url}/events`, headers: { cookie } }),
  };
}

/** The value of the `cookie` header that a browser would send after this response. */
export function cookieOf(response: Response): string {
  const cookies = response.headers.getSetCookie().map((each) => each.split(";")[0]);
  return cookies.join("; ");
}

function sendTo(url: string, cookie: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(url + path, {
    method,
    headers: {
      ...(cookie === "" ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}
