import type { Address } from "@tidings/contract";
import {
  formatCursor,
  parseCursor,
  type Cursor,
  type EventRequest,
  type GapReason,
  type PageBody,
} from "@tidings/protocol";
import type { Decoder } from "./decoder.ts";
import type { Item } from "./item.ts";
import type { Requests } from "./requests.ts";

/** What a page says of one address. */
export interface ChannelPage {
  readonly items: readonly Item[];
  readonly cursor: Cursor | null;
  readonly more: boolean;
  readonly gap: GapReason | undefined;
  readonly refused: "forbidden" | "unknown" | undefined;
  /** Undefined when none was asked for, or when it did not fit the contract. */
  readonly state: { readonly value: unknown } | undefined;
}

/** Fetches pages. Equal ones that are wanted in the same moment share one request: a page load opens one, not one per channel. */
export class PageLoader {
  readonly #requests: Requests;
  readonly #decoder: Decoder;
  readonly #signal: AbortSignal;
  /** By position, and whether a snapshot is wanted. */
  readonly #gathering = new Map<string, { readonly paths: Set<string>; readonly body: Promise<PageBody> }>();

  constructor(requests: Requests, decoder: Decoder, signal: AbortSignal) {
    this.#requests = requests;
    this.#decoder = decoder;
    this.#signal = signal;
  }

  /** @param after where to go on from; null to begin, with current values and perhaps a snapshot */
  async load(address: Address, after: Cursor | null, snapshot: boolean): Promise<ChannelPage> {
    const { path } = address;
    const body = await this.#gather(path, after, snapshot);
    const state = body.state?.[path];
    return {
      items: this.items(address, body),
      cursor: parseCursor(body.cursor),
      more: body.more,
      gap: body.gap?.channels[path],
      refused: body.refused?.[path],
      state: state === undefined ? undefined : this.#decoder.state(address, state),
    };
  }

  fetch(request: EventRequest): Promise<PageBody> {
    return this.#requests.page(request, this.#signal);
  }

  items(address: Address, { events }: PageBody): Item[] {
    return events.flatMap((event) =>
      event.channel === address.path ? (this.#decoder.pageEvent(address, event) ?? []) : [],
    );
  }

  #gather(path: string, after: Cursor | null, snapshot: boolean): Promise<PageBody> {
    const key = `${after === null ? "now" : formatCursor(after)} ${snapshot}`;
    let gathered = this.#gathering.get(key);
    if (gathered === undefined) {
      const paths = new Set<string>();
      const body = Promise.resolve().then(() => {
        this.#gathering.delete(key);
        const start = after === null ? "now" : null;
        return this.fetch({ channels: new Map([...paths].map((each) => [each, start])), after, snapshot });
      });
      gathered = { paths, body };
      this.#gathering.set(key, gathered);
    }
    gathered.paths.add(path);
    return gathered.body;
  }
}
