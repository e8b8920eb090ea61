import { runtimeNetwork, type Network } from "@tidings/client";

/** The network of the browser, with a way to say that the client should try to connect now. */
export class RetryNetwork implements Network {
  readonly #listeners = new Set<() => void>();

  isOnline(): boolean {
    return runtimeNetwork.isOnline();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    const unsubscribe = runtimeNetwork.subscribe(listener);
    return () => {
      this.#listeners.delete(listener);
      unsubscribe();
    };
  }

  /** The client looks at the network again, as if it had come back. */
  tryNow(): void {
    for (const listener of this.#listeners) listener();
  }
}
