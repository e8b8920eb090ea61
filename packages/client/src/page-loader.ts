import type { Address } from "@tidings/contract";
import type { Cursor, EventRequest, GapReason, PageBody } from "@tidings/protocol";
import type { Decoder } from "./decoder.ts";
import type { Requests } from "./requests.ts";
import { toCursor, type Item } from "./subscription.ts";

/** What a page says of one address. */
export interface ChannelPage {
  readonly items: readonly Item[];
  readonly cursor: Cursor | null;
  readonly more: boolean;
  readonly gap: GapReason | undefined;
  readonly refused: "forbidden" | "unknown" | undefined;
  /** Undefined when none was asked for, or when it did not fit the contract. */
  readonly state: unknown;
}

/** Fetches pages. Beginnings that are wanted in the same moment share one request: a page load opens one, not one per channel. */
export class PageLoader {
  readonly #requests: Requests;
  readonly #decoder: Decoder;
  readonly #signal: AbortSignal;
  /** By whether a snapshot is wanted. */
  readonly #gathering = new Map<boolean, { readonly paths: Set<string>; readonly body: Promise<PageBody> }>();

  constructor(requests: Requests, decoder: Decoder, signal: AbortSignal) {
    this.#requests = requests;
    this.#decoder = decoder;
    this.#signal = signal;
  }

  /** @param cursor where to go on from; null to begin, with current values and perhaps a snapshot */
  async load(address: Address, cursor: Cursor | null, snapshot: boolean): Promise<ChannelPage> {
    const { path } = address;
    const body =
      cursor === null
        ? await this.#begin(path, snapshot)
        : await this.fetch({ channels: new Map([[path, null]]), after: cursor });
    const state = body.state?.[path];
    return {
      items: this.items(address, body),
      cursor: toCursor(body.cursor),
      more: body.more,
      gap: body.gap?.channels[path],
      refused: body.refused?.[path],
      state: state === undefined ? undefined : this.#decoder.state(address, state)?.value,
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

  #begin(path: string, snapshot: boolean): Promise<PageBody> {
    let gathered = this.#gathering.get(snapshot);
    if (gathered === undefined) {
      const paths = new Set<string>();
      const body = Promise.resolve().then(() => {
        this.#gathering.delete(snapshot);
        return this.fetch({ channels: new Map([...paths].map((each) => [each, "now" as const])), snapshot });
      });
      gathered = { paths, body };
      this.#gathering.set(snapshot, gathered);
    }
    gathered.paths.add(path);
    return gathered.body;
  }
}
