import { chat } from "@tidings-apps/chat-contract";
import { serve, type ChatServer, type ServeOptions } from "@tidings-apps/chat-server";
import { createClient, type Client } from "@tidings/client";

/** A chat on a free port, and what a script needs to talk to it. */
export interface RunningChat {
  readonly server: ChatServer;
  readonly url: string;
}

export async function startChat(options: Partial<ServeOptions> = {}): Promise<RunningChat> {
  const server = await serve({ host: "127.0.0.1", port: 0, secret: "for tests only", ...options });
  return { server, url: `http://127.0.0.1:${server.port}` };
}

/** What the server keeps of the lobby, of the list of rooms and of one person. */
export interface Kept {
  /** `GET /api/rooms` */
  readonly rooms: unknown;
  /** The snapshots: the application's rows. */
  readonly state: Readonly<Record<string, unknown>>;
  /** What the log has, oldest first. */
  readonly events: readonly { readonly channel: string; readonly type: string; readonly data: unknown }[];
  /** The end of the log: it moves with everything that is published. */
  readonly cursor: string;
}

/** Somebody who is signed in and uses the HTTP API. */
export interface Visitor {
  readonly cookie: string;
  /** Sends JSON, or a body as it is. */
  request(method: string, path: string, body?: unknown): Promise<Response>;
  /** Posts to the lobby. */
  say(text: string): Promise<void>;
  /** What the log has, oldest first: the texts of the newest messages. */
  read(last: number): Promise<string[]>;
  look(): Promise<Kept>;
  /** Follows what this person may follow. */
  connect(): Client<typeof chat>;
}

export async function visit(url: string, name: string): Promise<Visitor> {
  const signedIn = await sendTo(url, "", "POST", "/api/session", { name });
  return visitorWith(url, cookieOf(signedIn), name);
}

/** Somebody who has the cookie of an earlier visit. */
export function visitorWith(url: string, cookie: string, name: string): Visitor {
  const request: Visitor["request"] = (method, path, body) => sendTo(url, cookie, method, path, body);
  /** A page of the stream; its form is that of PROTOCOL.md, section 6, and of the chat's contract. */
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
      const { events } = await page<Pick<Kept, "events">>(`${channels}&last=500`);
      const { state, cursor } = await page<Pick<Kept, "state" | "cursor">>(`${channels}&snapshot`);
      return { rooms, state, events, cursor };
    },
    connect: () => createClient(chat, { url: `${url}/events`, headers: { cookie } }),
  };
}

/** What a browser would send from now on. */
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
