import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, type AppOptions, type ChatApp } from "./app.ts";

export interface ServeOptions extends AppOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
}

/** A chat that is listening. */
export interface ChatServer {
  readonly hub: ChatApp["hub"];
  readonly port: number;
  /** Says goodbye to every stream, lets answers that are under way finish, and is gone within half a second. */
  close(): Promise<void>;
}

/** Connections that wait to be accepted: after a restart, everybody comes back at once. */
const BACKLOG = 4_096;
/** How long an answer that is under way may take to finish, in milliseconds. */
const PATIENCE = 300;

/** Starts a chat. Rejects with the system's error when it cannot listen. */
export async function serve({ host, port, ...options }: ServeOptions): Promise<ChatServer> {
  const chat = createApp(options);
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
    // A server that listens on a TCP port has an address of this shape.
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await chat.close();
      const timer = setTimeout(() => server.closeAllConnections(), PATIENCE);
      await closed;
      clearTimeout(timer);
    },
  };
}
