import type { StreamBlock } from "../drive/blocks.ts";
import type { ContentOf, MessageKind, TabMessage, SentFailure } from "./message.ts";

type Check = (value: unknown) => boolean;
/** A check for every field. */
type Checks<Fields> = { readonly [Name in keyof Fields]-?: Check };

const isText: Check = (value) => typeof value === "string";
const isTextOrNull: Check = (value) => value === null || isText(value);
const isAmount: Check = (value) => typeof value === "number" && value >= 0;
const isAmountOrNull: Check = (value) => value === null || isAmount(value);
const areTexts: Check = (value) => Array.isArray(value) && value.every(isText);

function orMissing(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** An object whose fields pass their checks. */
function fits<Fields>(checks: Checks<Fields>): Check {
  const entries = Object.entries<Check>(checks);
  return (value) => {
    const fields = Object(value) as Readonly<Record<string, unknown>>;
    return entries.every(([name, check]) => check(fields[name]));
  };
}

const isBlock = fits<StreamBlock>({ event: isText, data: isTextOrNull, id: isTextOrNull });
const isFailure = fits<SentFailure>({
  reason: isText,
  code: isText,
  text: isText,
  channels: orMissing(areTexts),
  most: orMissing(isAmount),
  random: orMissing(isAmount),
  retryAfter: orMissing(isAmount),
});

const checkByKind: { readonly [Name in MessageKind]: Check } = {
  want: fits<ContentOf<"want">>({ stream: isText, paths: areTexts, after: isTextOrNull }),
  leave: fits<ContentOf<"leave">>({ stream: isText }),
  ping: fits<ContentOf<"ping">>({ streams: areTexts }),
  pong: fits<ContentOf<"pong">>({ feed: isTextOrNull, count: isAmount }),
  lead: (about) => about === null,
  start: fits<ContentOf<"start">>({
    to: isTextOrNull,
    feed: isText,
    count: isAmount,
    at: isTextOrNull,
    paths: areTexts,
    beginners: areTexts,
    hello: isText,
    retry: isAmountOrNull,
  }),
  block: fits<ContentOf<"block">>({ feed: isText, count: isAmount, block: isBlock }),
  retry: fits<ContentOf<"retry">>({ feed: isText, milliseconds: isAmount }),
  end: fits<ContentOf<"end">>({ feed: isText, failure: isFailure }),
  fail: fits<ContentOf<"fail">>({ to: isText, failure: isFailure }),
  alone: fits<ContentOf<"alone">>({ to: isText }),
};

/** What another tab has sent. Null where it is no message: any script of the origin can send to the channel. */
export function readMessage(value: unknown): TabMessage | null {
  const { kind, from, about } = Object(value) as { readonly [Name in keyof TabMessage]?: unknown };
  const isKnown = isText(kind) && isText(from) && Object.hasOwn(checkByKind, kind as string);
  return isKnown && checkByKind[kind as MessageKind](about) ? (value as TabMessage) : null;
}
