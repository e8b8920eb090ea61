import type { StreamBlock } from "../drive/blocks.ts";
import type { Ending } from "../state/ending.ts";
import type { StreamErrorCode } from "../stream-error.ts";

/** What a tab wants to hear. */
export interface Want {
  /** The name of the stream: no other one has it, in whatever tab. */
  readonly stream: string;
  readonly paths: readonly string[];
  /** How far the tab has come with it. Null: it starts now. */
  readonly after: string | null;
}

/** From here on, a feed has everything of its paths. */
export interface Start {
  readonly feed: string;
  /** The number of the feed's last block. */
  readonly count: number;
  /** The position of the feed. Null while it is not known; then only `beginners` start. */
  readonly at: string | null;
  readonly paths: readonly string[];
  /** The streams that start now, and that this feed was opened for. */
  readonly beginners: readonly string[];
  /** The data of the server's hello. */
  readonly hello: string;
  /** The server's `retry`. Null before there is one. */
  readonly retry: number | null;
}

/** A failure as it travels: an error does not survive the way as what it is. */
export interface SentFailure extends Omit<Ending, "error" | "pause"> {
  readonly code: StreamErrorCode;
  readonly text: string;
}

/** By kind, what tabs tell the leader. Lost, repeated and late messages do no harm. */
interface TabRequestsByKind {
  /** A tab would like to have a stream, or to go on with one. */
  readonly want: Want;
  /** A tab does not need a stream any more. */
  readonly leave: { readonly stream: string };
  /** A tab is still there, with these streams. The leader answers. */
  readonly ping: { readonly streams: readonly string[] };
}

/** By kind, what the leader tells the tabs. */
export interface NewsByKind {
  /** The leader is there. What its feed is, and the number of its last block. */
  readonly pong: { readonly feed: string | null; readonly count: number };
  /** A tab leads from now on: everybody says what they want. */
  readonly lead: null;
  /** @see Start */
  readonly start: Start & { readonly to: string | null };
  /** What the server says on the feed. */
  readonly block: { readonly feed: string; readonly count: number; readonly block: StreamBlock };
  readonly retry: { readonly feed: string; readonly milliseconds: number };
  /** The feed has ended. */
  readonly end: { readonly feed: string; readonly failure: SentFailure };
  /** One stream does not begin. */
  readonly fail: { readonly to: string; readonly failure: SentFailure };
  /** The leader cannot ask for one stream: its tab asks by itself. */
  readonly alone: { readonly to: string };
}

type Messages = TabRequestsByKind & NewsByKind;
export type MessageKind = keyof Messages;

/** What is said, and the tab that says it. */
type Said<ByKind> = {
  readonly [Name in keyof ByKind]: { readonly kind: Name; readonly from: string; readonly about: ByKind[Name] };
}[keyof ByKind];

export type TabRequest = Said<TabRequestsByKind>;
export type News = Said<NewsByKind>;
export type TabMessage = TabRequest | News;
export type ContentOf<Name extends MessageKind> = Messages[Name];

/** Sends to all tabs, this one included. Returns before anybody hears it. */
export type Post = <Name extends MessageKind>(kind: Name, about: ContentOf<Name>) => void;
