import { createClient, type Client, type Fetch } from "@tidings/client";
import type { Contract } from "@tidings/contract";
import type { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { shareAmong } from "../../packages/client/src/tabs/tabs.ts";
import { Suspendable } from "../suspendable.ts";
import type { FakeBrowser } from "./fake-browser.ts";

/** What a fake tab needs. */
interface FakeTabNeeds<C extends Contract> {
  readonly contract: C;
  readonly browser: FakeBrowser;
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly viewer: string;
  /** How many milliseconds the next answer needs. */
  readonly latency: () => number;
}

/**
 * A page with a client. It can freeze: then nothing enters it, neither timers nor messages nor bytes, until it goes on.
 * It can be killed: then nothing enters it any more, and the browser closes what it has.
 */
export class FakeTab<C extends Contract> {
  readonly client: Client<C>;
  readonly viewer: string;
  readonly #browser: FakeBrowser;
  readonly #network: MemoryNetwork;
  readonly #wait: () => Promise<void>;
  readonly #page = new Suspendable();
  readonly #requests = new Set<AbortController>();
  /** The requests for streams that the client has not ended. */
  readonly #streams = new Map<object, string>();

  constructor({ contract, browser, network, clock, random, viewer, latency }: FakeTabNeeds<C>) {
    this.#browser = browser;
    this.#network = network;
    this.viewer = viewer;
    this.#wait = () => new Promise((resolve) => void clock.setTimeout(resolve, latency()));
    this.client = createClient(contract, {
      url: "http://tabs.test/events",
      headers: { viewer },
      fetch: this.#fetch,
      clock: this.#page.clockOn(clock),
      random,
      onError: () => {},
      onLog: () => {},
      share: shareAmong(
        viewer,
        browser.platformOf(this, (task) => this.#page.run(task)),
      ),
    });
  }

  /** The paths of each stream that it has over HTTP. */
  get streams(): readonly (readonly string[])[] {
    const urls = this.isDead ? [] : [...this.#streams.values()];
    return urls.map((url) => new URL(url).searchParams.getAll("channel"));
  }

  get isDead(): boolean {
    return this.#page.isEnded;
  }

  get isFrozen(): boolean {
    return this.#page.isSuspended;
  }

  freeze(): void {
    this.#page.suspend();
  }

  unfreeze(): void {
    this.#page.resume();
  }

  kill(): void {
    this.#page.end();
    for (const request of this.#requests) request.abort();
    this.#browser.remove(this);
  }

  readonly #fetch: Fetch = async (url, init) => {
    const leaving = new AbortController();
    this.#requests.add(leaving);
    if (new Headers(init.headers).get("accept") === "text/event-stream") this.#streams.set(leaving, url);
    init.signal?.addEventListener("abort", () => {
      leaving.abort();
      this.#requests.delete(leaving);
      this.#streams.delete(leaving);
    });
    const entered = async <Value>(promise: Promise<Value>): Promise<Value> => {
      try {
        return await promise;
      } finally {
        await this.#page.running();
      }
    };
    const arrived = this.#network.fetch(url, { ...init, signal: leaving.signal });
    const response = await entered(arrived.then((answer) => this.#wait().then(() => answer)));
    const { body } = response;
    // The parts of the answer that the client uses.
    return {
      status: response.status,
      headers: response.headers,
      body: body && {
        getReader: () => {
          const reader = body.getReader();
          return { read: () => entered(reader.read()), cancel: () => reader.cancel() };
        },
        cancel: () => body.cancel(),
      },
      json: () => entered(response.json()),
    } as unknown as Response;
  };
}
