import type { ScenarioName } from "../scenarios/index.ts";
import type { Mutant } from "./mutant.ts";

const inPackage =
  (folder: string) =>
  (file: string) =>
  (law: string, breaks: string, from: string, to: string, scenario: ScenarioName): Mutant => ({
    law,
    breaks,
    mutation: { file: `packages/${folder}/src/${file}.ts`, from, to },
    scenario,
  });
const inProtocol = inPackage("protocol");
const inClient = inPackage("client");
const inSubscription = inClient("state/subscription-state");

/** Clients that break their word. */
export const clientMutants: readonly Mutant[] = [
  inProtocol("parser")(
    "law 3",
    "an id is taken from a partial frame",
    "if (end === -1) return;",
    'if (end === -1) { if (unfinished.startsWith("id: ")) { take(unfinished); take(""); } return; }',
    "frames come in parts",
  ),
  inSubscription(
    "law 1",
    "the cursor is advanced before the event is taken",
    ': to(state, ["offer", item]);',
    ': to({ ...state, progress: { ...state.progress, cursor: item.position ?? state.progress.cursor } }, ["offer", item]);',
    "loops are read slowly while servers restart",
  ),
  inSubscription(
    "once",
    "a repetition is handled again",
    "return hasSeen(state.progress.cursor, item.position) ? stay(state) :",
    "return",
    "pieces come twice",
  ),
  inSubscription(
    "law 12",
    "gaps without end",
    "const MOST_GAPS = 2;",
    "const MOST_GAPS = 1e9;",
    "one failover after another",
  ),
  inSubscription(
    "law 8",
    "no state after a gap",
    "wantsState: !cursor && wantsState,",
    "wantsState: progress.gaps.length === 0 && !cursor && wantsState,",
    "failovers with readers",
  ),
  inSubscription(
    "law 8",
    "a beginning that forgets where its gap ended",
    'start: goesOn ? null : (cursor ?? "now"),',
    'start: goesOn ? null : "now",',
    "retention takes what loops are owed",
  ),
  inSubscription(
    "law 4",
    "what a page has brought is believed after a failover",
    "epoch: { ...STAY, joined: leaveEpoch },",
    "epoch: STAY,",
    "a failover between pages, with loops",
  ),
  inClient("drive/stream")(
    "once",
    "what comes twice in one piece is handled again, with a failover inside",
    "if (position && leftEpochs.some((last) => hasSeen(last, position))) {",
    "if (false) {",
    "pieces come twice, with failovers",
  ),
  inClient("drive/connection")(
    "silence",
    "a connection that says nothing is believed in",
    "PATIENCE = 2.5;",
    "PATIENCE = 2.5e6;",
    "connections fall silent",
  ),
  inSubscription(
    "law 4",
    "what the stream has carried past before a failover still counts",
    "if (hasSeen(progress.cursor, needed)) {",
    "if (hasSeen(progress.cursor, reached) || hasSeen(progress.cursor, carried)) {",
    "a page was read before a failover, and comes after it",
  ),
];
