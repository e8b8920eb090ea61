import type {
  Address,
  AddressOf,
  ChannelName,
  Contract,
  ParamsOf,
  SnapshotName,
  SnapshotState,
} from "@tidings/contract";
import type { ChannelKeep, EventLog } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { Limits } from "./runtime/limits.ts";
import type { TraceRecord } from "./runtime/trace.ts";

/** The person or program that sends a request, as `authenticate` says. */
export interface Viewer {
  readonly id: string;
  /**
   * When the credentials end, in milliseconds since 1970. The stream then says `bye`, and the client comes back with
   * new ones.
   * @default never
   */
  readonly expiresAt?: number;
}

/** A body that is still coming. */
export interface ComingBody {
  /** Aborted when the hub waits no longer: from then on, an adapter keeps no bytes of the body. */
  readonly signal: AbortSignal;
  /** How many bytes of memory the body takes by now. */
  hold(bytes: number): void;
  /**
   * The body cannot be taken. It keeps nothing from now on, and the request fails with this error when `json` settles,
   * or after a second. Until then an adapter may read the rest: the client gets the answer more surely.
   */
  drop(error: Error): void;
}

/**
 * A request, independent of the server that has received it.
 *
 * @typeParam Raw the request of the framework, for example `express.Request`; see {@link HubRequest.raw}
 */
export interface HubRequest<Raw = unknown> {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  /**
   * The parsed JSON of the body.
   * @throws RangeError when it is longer than `limit` bytes, TypeError when somebody has read it already, and any error
   *   when it is not JSON
   */
  json(limit: number, coming: ComingBody): Promise<unknown>;
  /** Aborted when the client is gone. An adapter may make it when it is first read. */
  readonly signal: AbortSignal;
  /** Whether the client is gone, for those who do not wait for it. @default what the signal says */
  readonly isGone?: boolean;
  /**
   * The request as the adapter got it, with what a framework has added: `request.raw.user`, `request.raw.session`,
   * `request.raw.ip`. Its type is the one that `authenticate` declares for it.
   */
  readonly raw: Raw;
  /** What the request shares with others of its client: few pages of one HTTP/2 session are made at a time. */
  readonly session?: object | undefined;
  /** Settles when the answer is written, or the client is gone. @default the answer counts as written at once */
  readonly written?: Promise<void>;
}

/** What a viewer may read of an address. */
export interface Grant {
  /**
   * The id of the event after which the viewer may read: the `id` that `publish` resolved with when the viewer joined.
   * Older current values of `latest` events are hidden, too. With any other text the request fails with 500.
   * @default everything may be read
   */
  readonly readableFrom?: string;
  /**
   * When the right ends, in milliseconds since 1970. The stream then says `bye`, and the client asks again.
   * @default never
   */
  readonly expiresAt?: number;
}

/** What `authorize` decides about: one address with its parsed params, and the viewer. Narrow it by `name`. */
export type Question<A extends Address, V extends Viewer> = A & { readonly viewer: V };

/**
 * The answer of `authorize`. Only `true` and a grant allow; everything else refuses. `undefined` is no answer, so a
 * function that forgets its `return` does not compile.
 */
export type Decision = boolean | Grant | null;

/** One open stream, as `onConnect` and `onDisconnect` see it. */
export interface ConnectionInfo<A extends Address, V extends Viewer> {
  readonly viewer: V;
  /** The id of the viewer when `authenticate` answered: the same when the stream ends, whatever the object says. */
  readonly viewerId: string;
  readonly addresses: readonly A[];
}

/**
 * Loads the state of an address. The state may already contain events that are published while the loader runs. It may
 * lack rows whose event was published less than `snapshotOverlap` ago, as when it reads from a replica that lags.
 */
export type SnapshotLoader<C extends Contract, Name extends ChannelName<C>> = StateLoader<
  ParamsOf<C[Name]>,
  SnapshotState<C, Name>
>;

// Without the contract among its type arguments, so that the compiler's messages are short.
type StateLoader<Params, State> = (
  params: Params,
  scope: {
    /** If set, the viewer joined after this event: the state must not show anything up to it. */
    readonly readableFrom: string | null;
    /** Aborted when the load has taken ten seconds: nobody gets its state. */
    readonly signal: AbortSignal;
  },
) => State | Promise<State>;

/**
 * Which web pages of other origins may read. A request without an `Origin` header is not from such a page, and passes.
 */
export interface CorsOptions {
  /**
   * Exact origins such as `https://app.example` or `capacitor://localhost`, and patterns such as
   * `https://*.app.example`, which allow every subdomain of a host with at least two labels, and regular expressions,
   * which have to match a whole origin; `"null"` for pages from files, without credentials, since any page can make a
   * sandboxed frame with that origin; `"*"` for any page, without credentials; or a function that says for each origin
   * whether it may read. Only `true` allows.
   */
  readonly origins: readonly (string | RegExp)[] | "*" | ((origin: string) => boolean);
  /**
   * Headers that such a page may send besides `Authorization`, `Content-Type` and `Last-Event-ID`, for example
   * `traceparent` of a tracing library, or `X-CSRF-Token`. @default none
   */
  readonly headers?: readonly string[];
  /** Whether the browser may send cookies. @default false */
  readonly credentials?: boolean;
}

/** Required if the contract has a channel with a snapshot. */
interface SnapshotLoaders<Loaders> {
  /** One loader for each channel that declares a snapshot. */
  readonly snapshot: Loaders;
}

export type SnapshotOption<C extends Contract> = [SnapshotName<C>] extends [never]
  ? unknown
  : SnapshotLoaders<{ readonly [Name in SnapshotName<C>]: StateLoader<ParamsOf<C[Name]>, SnapshotState<C, Name>> }>;

/** The options that every hub has. `A` is any address of the contract: messages of the compiler show it. */
export interface CommonHubOptions<A extends Address, V extends Viewer, Raw, Log> {
  /** The hub owns it from now on: `hub.close()` closes it. */
  readonly log: Log;
  /**
   * How much the log keeps of each channel: at most `entries` reliable events of an address, and none that is older
   * than `age` milliseconds. `Infinity` is no bound. The rules are stored in the log when the hub starts. The hub that
   * has started last decides for all processes of the log, also for those that have started with other rules.
   * @default the rules that are stored in the log; without any, each process goes by what its log was told to keep
   */
  readonly keep?: KeepOption<A["name"]>;
  /**
   * Says who is asking. Null answers 401. So does an error with the `status` 401, and one with 403 answers 403. An
   * error with 503 says that the application cannot answer now: the client gets 503 with `Retry-After`, and comes back.
   * Every other error is a 500. `onLog` gets both, and a warning for 401, at most one in a minute.
   * @default every request has an anonymous viewer of its own
   */
  readonly authenticate?: (request: HubRequest<Raw>) => V | null | Promise<V | null>;
  /**
   * Says whether the viewer may read the address. Only `true` and a grant allow. `onLog` gets a warning about the first
   * refusal, and then at most one in a minute.
   */
  readonly authorize: (question: Question<A, V>) => Decision | Promise<Decision>;
  /**
   * The hosts under which readers reach the hub, each as in the address bar: `app.example`, `localhost:3000`, `[::1]`.
   * A host without a port stands for every port. A request with another `Host` header is refused, so that a page
   * cannot point a name of its own at this server (DNS rebinding). A page of one of these hosts is of the same origin,
   * even if a proxy has replaced `Host`; such a hub lists the name that the proxy sends, too.
   * @default every host, and a page is of the same origin if its host is the one in `Host`
   */
  readonly hosts?: readonly string[];
  /** @default only pages of the same origin */
  readonly cors?: CorsOptions;
  readonly limits?: Partial<Limits>;
  /** Milliseconds between heartbeats on an idle stream, 1,000 to 300,000. @default 15_000 */
  readonly heartbeat?: number;
  /**
   * Milliseconds over which `close()` spreads the return of the clients, 500 to 60,000. Writers have as long to end.
   * @default 5_000, and more from 10,000 streams on
   */
  readonly drain?: number;
  /**
   * How much later than its event a row may become readable for a snapshot, in milliseconds, 0 to 60,000. With a
   * state, the reliable events of that time are delivered once more. So a state loses nothing that was not readable
   * when it was loaded: a row that was published before it was inserted, or that a read replica did not have yet.
   * Handlers have to be idempotent; 0 lets nothing come again, and then a row has to be readable before its event is
   * published.
   *
   * The time is shorter where it is more than 500 events of the channel, or more than the bytes of a page.
   * @default 2_000
   */
  readonly snapshotOverlap?: number;
  /**
   * The longest time that a publish takes, in milliseconds, 100 to 600,000. Then it rejects with an `AppendError` whose
   * `outcome` is `unknown`. Choose more than the `patience` of the log: when that ends, the log knows that nothing is
   * stored. A publish inside a transaction has no such limit.
   * @default 5_000
   */
  readonly publishTimeout?: number;
  /** A stream has begun. */
  readonly onConnect?: (connection: ConnectionInfo<A, V>) => void;
  /** A stream has ended, for whatever reason. */
  readonly onDisconnect?: (connection: ConnectionInfo<A, V>) => void;
  /**
   * Receives warnings and errors, and with `debug` the way of every event. If it throws or rejects, the record goes to
   * `console`. @default they go to `console`
   */
  readonly onLog?: (record: TraceRecord) => void;
  /** Whether to report the way of every event, from `publish` to the socket. @default false */
  readonly debug?: boolean;
  /** Tells the time and runs timers. @default the clock of the runtime */
  readonly clock?: Clock;
  /** Draws numbers that are uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** How much the log keeps of each channel, see {@link CommonHubOptions.keep}. */
export interface KeepOption<Name extends string> {
  /** Of the channels that are not named. @default what the log was told to keep */
  readonly default?: Partial<ChannelKeep>;
  /** By the name of a channel in the contract. What it leaves out is that of `default`. */
  readonly channels?: { readonly [Each in Name]?: Partial<ChannelKeep> };
}

/** What `createHub` needs to know, besides the contract. */
export type HubOptions<
  C extends Contract,
  V extends Viewer,
  Raw = unknown,
  Log extends EventLog = EventLog,
> = CommonHubOptions<AddressOf<C, ChannelName<C>>, V, Raw, Log> & SnapshotOption<C>;
