import type { Address, Contract } from "@tidings/contract";
import type { ConnectionInfo, Decision, HubOptions, HubRequest, Question, Viewer } from "../hub-options.ts";
import { toHookAnswer, type HookAnswer } from "./pending.ts";
import type { Trace } from "./trace.ts";

type Options = HubOptions<Contract, Viewer>;
type Info = ConnectionInfo<Address, Viewer>;

/** Loads the state of one address. The contract's types have checked the params at `createHub`. */
export type SnapshotHook = (
  params: never,
  scope: { readonly readableFrom: string | null; readonly signal: AbortSignal },
) => unknown;

/** The functions of the application. The hub calls them only through here. */
export interface Hooks {
  /** Says who is asking; null answers 401. */
  authenticate(request: HubRequest): HookAnswer<Viewer | null>;
  /** Says what the viewer may read of one address. */
  authorize(question: Question<Address, Viewer>): HookAnswer<Decision>;
  /** The loaders of snapshots, by the name of their channel. */
  readonly snapshots: ReadonlyMap<string, SnapshotHook>;
  /** A stream has begun. A failure is reported, and the stream goes on. */
  connected(info: Info): void;
  /** A stream has ended. A failure is reported. */
  disconnected(info: Info): void;
}

export function createHooks(options: Options, trace: Pick<Trace, "guard">): Hooks {
  let anonymousViewers = 0;
  const anonymous = (): Viewer => ({ id: `anonymous-${++anonymousViewers}` });
  const { authenticate = anonymous } = options;

  function guarded(name: "onConnect" | "onDisconnect"): (info: Info) => void {
    // As a method: it may use the object of the options.
    if (options[name] === undefined) return () => {};
    return (info) => void trace.guard("hook-failed", () => options[name]?.(info), { detail: name });
  }

  return {
    authenticate: (request) => toHookAnswer(authenticate(request)),
    authorize: (question) => toHookAnswer(options.authorize(question)),
    snapshots: new Map(Object.entries(options.snapshot ?? {})),
    connected: guarded("onConnect"),
    disconnected: guarded("onDisconnect"),
  };
}
