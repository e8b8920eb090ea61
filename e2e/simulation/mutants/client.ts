import type { Mutant } from "./mutant.ts";

const inClient =
  (file: string) =>
  (law: string, breaks: string, from: string, to: string, seed = 1): Mutant => ({
    law,
    breaks,
    file: `packages/client/src/${file}.ts`,
    from,
    to,
    seed,
  });
const inSubscription = inClient("subscription");

/** Clients that break their word. */
export const clientMutants: readonly Mutant[] = [
  {
    law: "law 3",
    breaks: "an id is taken from a partial frame",
    file: "packages/protocol/src/parser.ts",
    from: "if (end === -1) return;",
    to: 'if (end === -1) { if (unfinished.startsWith("id: ")) { take(unfinished); take(""); } return; }',
    seed: 537,
  },
  inSubscription(
    "law 1",
    "the cursor is advanced before the event is taken",
    "if (consumer(...call)) {",
    "cursor = id ?? cursor;\n    if (consumer(...call)) {",
  ),
  inSubscription("once", "a repetition is handled again", "if (coversToken(cursor, id)) return true;", ""),
  inSubscription("law 12", "gaps without end", "const MOST_GAPS = 2;", "const MOST_GAPS = 1e9;"),
  inSubscription(
    "law 8",
    "no state after a gap",
    "!cursor && wantsSnapshot).then",
    "gaps.length === 0 && !cursor && wantsSnapshot).then",
  ),
  inSubscription(
    "law 8",
    "a beginning that forgets where its gap ended",
    'const start = cursor && !isFresh ? null : (cursor ?? "now");',
    'const start = cursor && !isFresh ? null : "now";',
  ),
  inSubscription(
    "law 4",
    "what a page has brought is believed after a failover",
    'if (phase !== "joined" || cursor === handled ||',
    'if (phase === "joined" || cursor === handled ||',
    525,
  ),
  inClient("stream-client")(
    "once",
    "what comes twice in one piece is handled again, with a failover inside",
    "if (left.some((each) => coversToken(each, cursor))) return;",
    "",
    777,
  ),
  inClient("stream")(
    "silence",
    "a connection that says nothing is believed in",
    "PATIENCE = 2.5;",
    "PATIENCE = 2.5e6;",
  ),
  inSubscription(
    "law 4",
    "what the stream has carried past before a failover still counts",
    "coversToken(cursor, coversToken(position.carried, passed) ? passed : position.carried)",
    "coversToken(cursor, passed) || coversToken(cursor, position.carried)",
    721_781,
  ),
];
