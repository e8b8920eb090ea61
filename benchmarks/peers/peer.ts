import type { Server } from "node:http";

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

/** One library, set up as its documentation says. */
export interface Peer {
  readonly name: string;
  /** How a reader that was away gets the messages that it missed; "none" if the library has no way of its own. */
  readonly resume: string;
  /** Starts a server. Data that has to survive a restart is written to the folder. */
  serve(folder: string): Promise<PeerServer> | PeerServer;
  /**
   * Reads with the peer's own client, or with an EventSource. The reader reconnects by itself. Returns a function that
   * stops it.
   */
  read(url: string, handlers: ReaderHandlers): () => void;
}
