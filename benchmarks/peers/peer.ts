import type { Server } from "node:net";

/** A published message. The numbers start at 1, so a reader's list shows losses, repetitions and the order. */
export interface Message {
  readonly n: number;
  readonly text: string;
}

/** The server of a peer, inside a process of its own. It does not listen yet. */
interface PeerServer {
  readonly server: Server;
  publish(message: Message): Promise<unknown> | void;
  /**
   * The number of messages that wait for readers in memory, in addition to the bytes that wait in sockets. It is left
   * out if nothing else can wait.
   */
  waiting?(): number;
}

/** Receives what a reader of a peer gets. */
export interface ReaderHandlers {
  onMessage(message: Message): void;
  /** The library itself reports that something is missing or that the stream has ended. */
  onNotice(notice: string): void;
}

/** The server of a library, and what opens a stream of it. */
export interface ServedPeer {
  readonly name: string;
  /** What a client sends to open a stream. "{n}" stands for the number of the connection. */
  readonly request: string;
  /** Starts a server. Data that has to survive a restart is written to the folder. */
  serve(folder: string): Promise<PeerServer> | PeerServer;
}

/** The request of a stream of Server-Sent Events. */
export function streamRequest(path = "/events"): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`;
}

/** The request of a WebSocket. The key is the example of RFC 6455: a server has to accept any. */
export function socketRequest(path: string): string {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13`;
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}\r\n\r\n`;
}

/** One library, set up as its documentation says. */
export interface Peer extends ServedPeer {
  /** How a reader that was away gets the messages that it missed; "none" if the library has no way of its own. */
  readonly resume: string;
  /**
   * Reads with the peer's own client, or with an EventSource. The reader reconnects by itself. Returns a function that
   * stops it.
   */
  read(url: string, handlers: ReaderHandlers): () => void;
}
