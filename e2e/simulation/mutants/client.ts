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
const inSubscription = inClient("state/subscription-state");

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
    ': to(state, ["offer", item]);',
    ': to({ ...state, progress: { ...state.progress, cursor: item.position ?? state.progress.cursor } }, ["offer", item]);',
  ),
  inSubscription(
    "once",
    "a repetition is handled again",
    "return hasSeen(state.progress.cursor, item.position) ? stay(state) :",
    "return",
  ),
  inSubscription("law 12", "gaps without end", "const MOST_GAPS = 2;", "const MOST_GAPS = 1e9;"),
  inSubscription(
    "law 8",
    "no state after a gap",
    "wantsState: !cursor && wantsState,",
    "wantsState: progress.gaps.length === 0 && !cursor && wantsState,",
  ),
  inSubscription(
    "law 8",
    "a beginning that forgets where its gap ended",
    'start: goesOn ? null : (cursor ?? "now"),',
    'start: goesOn ? null : "now",',
  ),
  inSubscription(
    "law 4",
    "what a page has brought is believed after a failover",
    "epoch: { ...STAY, joined: leaveEpoch },",
    "epoch: STAY,",
    525,
  ),
  inClient("drive/stream")(
    "once",
    "what comes twice in one piece is handled again, with a failover inside",
    "if (position && leftEpochs.some((last) => hasSeen(last, position))) {",
    "if (false) {",
    777,
  ),
  inClient("drive/connection")(
    "silence",
    "a connection that says nothing is believed in",
    "PATIENCE = 2.5;",
    "PATIENCE = 2.5e6;",
  ),
  inSubscription(
    "law 4",
    "what the stream has carried past before a failover still counts",
    "if (hasSeen(progress.cursor, needed)) {",
    "if (hasSeen(progress.cursor, reached) || hasSeen(progress.cursor, carried)) {",
    721_781,
  ),
];
