import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, type AppOptions, type ChatApp } from "./app.ts";

/** The options of `serve`. */
export interface ServeOptions extends AppOptions {
  readonly host: string;
  /** With 0, the system chooses a free port. */
  readonly port: number;
}

/** A running chat. */
export interface ChatServer {
  readonly hub: ChatApp["hub"];
  readonly port: number;
  /** Ends every stream with a `bye`, lets running answers finish, and resolves within half a second. */
  close(): Promise<void>;
}

/** The number of connections that may wait to be accepted: after a restart, everybody reconnects at once. */
const BACKLOG = 4_096;
/** Milliseconds that a running answer has to finish. */
const CLOSE_GRACE = 300;

/** Starts a chat. Rejects with the system's error if it cannot listen. */
export async function serve({ host, port, ...options }: ServeOptions): Promise<ChatServer> {
  const chat = await createApp(options);
  const server = createServer(chat.app);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
  } catch (error) {
    await chat.close();
    throw error;
  }
  return {
    hub: chat.hub,
    // Safe: the server listens on a TCP port, so its address is an object.
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await chat.close();
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE);
      await closed;
      clearTimeout(timer);
    },
  };
}
