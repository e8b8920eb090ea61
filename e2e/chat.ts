import { serve, type ChatServer, type ServeOptions } from "@tidings-apps/chat-server";

/** A chat on a free port, and what a script needs to talk to it. */
export interface RunningChat {
  readonly server: ChatServer;
  readonly url: string;
}

export async function startChat(options: Partial<ServeOptions> = {}): Promise<RunningChat> {
  const server = await serve({ host: "127.0.0.1", port: 0, secret: "for tests only", ...options });
  return { server, url: `http://127.0.0.1:${server.port}` };
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
}

export async function visit(url: string, name: string): Promise<Visitor> {
  const signedIn = await sendTo(url, "", "POST", "/api/session", { name });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const request: Visitor["request"] = (method, path, body) => sendTo(url, cookie, method, path, body);
  return {
    cookie,
    request,
    async say(text) {
      const { status } = await request("POST", "/api/rooms/lobby/messages", { text });
      if (status !== 201) throw new Error(`Expected 201 for a message, got ${status}.`);
    },
    async read(last) {
      const page = await fetch(`${url}/events?channel=rooms/lobby&last=${last}`, {
        headers: { cookie, accept: "application/json" },
      });
      // PROTOCOL.md, section 6, and the chat's contract.
      const { events } = (await page.json()) as { events: { data: { text: string } }[] };
      return events.map(({ data }) => data.text);
    },
  };
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
