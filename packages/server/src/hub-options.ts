import type { AddressOf, ChannelName, Contract, SnapshotName, SnapshotState } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { Limits } from "./limits.ts";
import type { TraceRecord } from "./trace.ts";

/** Whoever `authenticate` says is behind a request. */
export interface Viewer {
  readonly id: string;
  /** When the credentials end, in milliseconds since 1970: the stream then says `bye`, and the client comes back with fresh ones. */
  readonly expiresAt?: number;
}

/** A request, whatever server it came to. */
export interface HubRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  /** The parsed JSON of the body; throws when it is not JSON or longer than `limit` bytes. */
  json(limit: number): Promise<unknown>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** What a viewer may read of an address. */
export interface Grant {
  /**
   * The id of the event after which the viewer may read: the `id` that `publish` resolved with when the viewer joined. Current values
   * of `latest` events that are older are not shown, either.
   */
  readonly readableFrom?: string;
  /** When the right ends, in milliseconds since 1970: the stream then says `bye`, and the client asks anew. */
  readonly expiresAt?: number;
}

/** What `authorize` is asked: one address, its params already parsed, and the viewer. Narrow it by `name`. */
export type Question<C extends Contract, V extends Viewer> = {
  [Name in ChannelName<C>]: AddressOf<C, Name> & { readonly viewer: V };
}[ChannelName<C>];

/** Only `true` and a grant say yes. */
// oxlint-disable-next-line no-invalid-void-type -- a function that forgets to answer has refused
export type Decision = boolean | Grant | null | undefined | void;

/** One connection, as the hooks see it. */
export interface ConnectionInfo<C extends Contract, V extends Viewer> {
  readonly viewer: V;
  readonly addresses: readonly AddressOf<C, ChannelName<C>>[];
}

/** Loads the state of an address. It may already contain events that are published while it runs. */
export type SnapshotLoader<C extends Contract, Name extends ChannelName<C>> = (
  params: AddressOf<C, Name>["params"],
  scope: {
    /** When set, the state must not show anything up to this event: the viewer joined later. */
    readonly readableFrom: string | null;
  },
) => SnapshotState<C, Name> | Promise<SnapshotState<C, Name>>;

type SnapshotOption<C extends Contract> = [SnapshotName<C>] extends [never]
  ? { readonly snapshot?: never }
  : { readonly snapshot: { readonly [Name in SnapshotName<C>]: SnapshotLoader<C, Name> } };

/** Which web pages of other origins may read. Requests without an `Origin` header are not from a page and pass. */
export interface CorsOptions {
  /** Exact origins such as `https://app.example`, or `"*"` for any page, without credentials. */
  readonly origins: readonly string[] | "*";
  /** Whether cookies may come along. @default false */
  readonly credentials?: boolean;
}

export type HubOptions<C extends Contract, V extends Viewer> = SnapshotOption<C> & {
  /** The hub owns it from here on: `hub.close()` closes it. */
  readonly log: EventLog;
  /** Says who is asking; null answers 401. @default everybody is an anonymous viewer of their own */
  readonly authenticate?: (request: HubRequest) => V | null | Promise<V | null>;
  /** Says whether the viewer may read the address: no, unless it answers `true` or a grant. */
  readonly authorize: (question: Question<C, V>) => Decision | Promise<Decision>;
  /** @default only pages of the same origin */
  readonly cors?: CorsOptions;
  readonly limits?: Partial<Limits>;
  /** Milliseconds between heartbeats on an idle stream, 1,000 to 300,000. @default 15_000 */
  readonly heartbeat?: number;
  /** Milliseconds over which `close()` spreads the return of its clients, 500 to 60,000. @default 5_000, and more from 10,000 streams on */
  readonly drain?: number;
  /** A stream has begun. */
  readonly onConnect?: (connection: ConnectionInfo<C, V>) => void;
  /** A stream has ended, for whatever reason. */
  readonly onDisconnect?: (connection: ConnectionInfo<C, V>) => void;
  /** Receives warnings and errors, and with `debug` the way of every event. @default warnings and errors to `console` */
  readonly onLog?: (record: TraceRecord) => void;
  /** Traces events from publish to socket. @default false */
  readonly debug?: boolean;
  /** @default the runtime's */
  readonly clock?: Clock;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
};
