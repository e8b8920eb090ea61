import type { StreamBlock } from "../drive/blocks.ts";
import type { About, Kind, Message, SentFailure } from "./message.ts";

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

const checkByKind: { readonly [Name in Kind]: Check } = {
  want: fits<About<"want">>({ stream: isText, paths: areTexts, after: isTextOrNull }),
  leave: fits<About<"leave">>({ stream: isText }),
  ping: fits<About<"ping">>({ streams: areTexts }),
  pong: fits<About<"pong">>({ feed: isTextOrNull, count: isAmount }),
  lead: (about) => about === null,
  start: fits<About<"start">>({
    to: isTextOrNull,
    feed: isText,
    count: isAmount,
    at: isTextOrNull,
    paths: areTexts,
    beginners: areTexts,
    hello: isText,
    retry: isAmountOrNull,
  }),
  block: fits<About<"block">>({ feed: isText, count: isAmount, block: isBlock }),
  retry: fits<About<"retry">>({ feed: isText, milliseconds: isAmount }),
  end: fits<About<"end">>({ feed: isText, failure: isFailure }),
  fail: fits<About<"fail">>({ to: isText, failure: isFailure }),
  alone: fits<About<"alone">>({ to: isText }),
};

/** What another tab has sent. Null where it is no message: any script of the origin can send to the channel. */
export function readMessage(value: unknown): Message | null {
  const { kind, from, about } = Object(value) as { readonly [Name in keyof Message]?: unknown };
  const isKnown = isText(kind) && isText(from) && Object.hasOwn(checkByKind, kind as string);
  return isKnown && checkByKind[kind as Kind](about) ? (value as Message) : null;
}
