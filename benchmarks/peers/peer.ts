import type { Server } from "node:http";

/** What is published: numbered from 1 on, so that a reader's list shows losses, repetitions and order. */
export interface Message {
  readonly n: number;
  readonly text: string;
}

/** A running server of a peer, inside a process of its own. It is not listening yet. */
interface PeerServer {
  readonly server: Server;
  publish(message: Message): Promise<unknown> | void;
  /** Messages that wait for readers in memory, beside the bytes that wait in sockets; left out where nothing else waits. */
  waiting?(): number;
}

/** What a reader of a peer hears. */
export interface Ear {
  message(message: Message): void;
  /** The library itself said that something is missing or over, and this is how. */
  told(how: string): void;
}

/** One library, set up as its documentation says. */
export interface Peer {
  readonly name: string;
  /** Where a reader who was away gets what it missed; "none" where the library has no way of its own. */
  readonly resume: string;
  /** Starts a server; what is to survive a restart is written to the folder. */
  serve(folder: string): Promise<PeerServer> | PeerServer;
  /** Reads with the peer's own client, or with an EventSource, and comes back by itself; returns how to leave. */
  read(url: string, ear: Ear): () => void;
}
