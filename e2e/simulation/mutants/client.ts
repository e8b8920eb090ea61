import type * as parserModule from "../../../packages/protocol/src/parser.ts";
import type * as connectionModule from "../../../packages/client/src/drive/connection.ts";
import type * as pollModule from "../../../packages/client/src/drive/poll.ts";
import type * as streamProgress from "../../../packages/client/src/state/stream-progress.ts";
import type * as arrival from "../../../packages/client/src/state/arrival.ts";
import type * as trackState from "../../../packages/client/src/state/track-state.ts";
import type * as subscriptionState from "../../../packages/client/src/state/subscription-state.ts";
import { toPosition, type Position } from "../../../packages/client/src/state/position.ts";
import { inSubscription } from "../../mutation/in-subscription.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import { breaking, type Mutant } from "./mutant.ts";

type State = subscriptionState.SubscriptionState;
type Inputs = subscriptionState.SubscriptionInputs;
type Wish = subscriptionState.PageWish;
type Open = Exclude<State, { kind: "closed" }>;

/** A state that knows something else. */
const withProgress = (state: State, change: (state: Open) => Partial<Pick<Open, "cursor" | "gaps">>): State =>
  state.kind === "closed" ? state : { ...state, ...change(state) };

/** Subscriptions that ask for other pages. */
const changeWishes = (change: (wish: Wish, state: Open) => Partial<Wish>): Mutation =>
  inSubscription((transition, ...input) => {
    const { state, effects } = transition(...input);
    if (state.kind !== "loading") return { state, effects };
    return {
      state,
      effects: effects.map((effect) =>
        effect[0] === "load" ? ["load", { ...effect[1], ...change(effect[1], state) }] : effect,
      ),
    };
  });

/** Subscriptions that say something else to those who wait for a position. */
const changeArrivals = (change: (said: arrival.Arrival) => arrival.Arrival): Mutation =>
  replace<typeof arrival>("packages/client/src/state/arrival.ts", {
    arrivalAt:
      (arrivalAt) =>
      (...input) =>
        change(arrivalAt(...input)),
  });

/** Whether everything up to `position` is covered. Positions of different epochs cannot be compared. */
function covers(seen: Position | null, position: Position | null): boolean {
  return seen !== null && position !== null && seen.epoch === position.epoch && position.seq <= seen.seq;
}

/** Clients that break laws. */
export const clientMutants: readonly Mutant[] = [
  breaking(
    "reached",
    "somebody who waits is told before the event has come",
    changeArrivals((said) => (said === "onWay" ? "there" : said)),
    "failovers with readers",
  ),
  breaking(
    "reached",
    "a wait for an event of an epoch that is over never ends",
    changeArrivals((said) => (said === "elsewhere" ? "onWay" : said)),
    "failovers with readers",
  ),
  breaking(
    "law 3",
    "an id is taken from a partial frame",
    replace<typeof parserModule>("packages/protocol/src/parser.ts", {
      createParser:
        (createParser) =>
        (...options) => {
          const parser = createParser(...options);
          let line = "";
          return withMethods(parser, {
            push(chunk) {
              parser.push(chunk);
              line = `${line}${Buffer.from(chunk).toString()}`.split("\n").at(-1) ?? "";
              if (!line.startsWith("id: ")) return;
              parser.push(Buffer.from("\n\n"));
              line = "";
            },
          });
        },
    }),
    "frames come in parts",
  ),
  breaking(
    "law 1",
    "the cursor is advanced before the event is taken",
    inSubscription((transition, ...input) => {
      const { state, effects } = transition(...input);
      const position = effects.flatMap(([name, about]) => (name === "offer" ? about.position : [])).at(-1) ?? null;
      return { state: withProgress(state, ({ cursor }) => ({ cursor: position ?? cursor })), effects };
    }),
    "loops are read slowly while servers restart",
  ),
  breaking(
    "once",
    "a repetition is handled again",
    inSubscription((transition, state, input, about, position) => {
      const isItem = input === "item" && (state.kind === "joined" || state.kind === "delivering");
      // Safe: this input comes with an item.
      return isItem
        ? { state, effects: [["offer", about as Inputs["item"]]] }
        : transition(state, input, about, position);
    }),
    "pieces come twice",
  ),
  breaking(
    "law 12",
    "gaps without end",
    inSubscription((transition, state, ...rest) =>
      transition(
        withProgress(state, () => ({ gaps: [] })),
        ...rest,
      ),
    ),
    "one failover after another",
  ),
  breaking(
    "law 8",
    "no state after a gap",
    changeWishes(({ snapshot }, { gaps }) => ({ snapshot: snapshot && gaps.length === 0 })),
    "failovers with readers",
  ),
  breaking(
    "law 8",
    "a beginning that forgets where its gap ended",
    changeWishes(({ start }) => ({ start: start === null ? null : "now" })),
    "retention takes what loops are owed",
  ),
  breaking(
    "law 4",
    "what a page has brought is believed after a failover",
    inSubscription((transition, state, input, ...rest) =>
      input === "epoch" && state.kind === "joined" ? { state, effects: [] } : transition(state, input, ...rest),
    ),
    "a failover between pages, with loops",
  ),
  breaking(
    "once",
    "what comes twice in one piece is handled again, with a failover inside",
    replace<typeof streamProgress>("packages/client/src/state/stream-progress.ts", { isLeft: () => () => false }),
    "pieces come twice, with failovers",
  ),
  breaking(
    "silence",
    "a connection that says nothing is believed in",
    replace<typeof connectionModule>("packages/client/src/drive/connection.ts", {
      createConnection: (createConnection) => (settings, user) =>
        createConnection(
          settings,
          withMethods(user, {
            onEvent: (event, hello) => user.onEvent(event, (heartbeat) => hello(1e6 * heartbeat)),
          }),
        ),
    }),
    "connections fall silent",
  ),
  breaking(
    "polls",
    "a poll begins now, and not where the stream stood",
    replace<typeof pollModule>("packages/client/src/drive/poll.ts", {
      polls: (polls) => (settings) => (request, listener) => polls(settings)({ ...request, after: null }, listener),
    }),
    "a proxy keeps streams back",
  ),
  breaking(
    "law 7",
    "a page of a copy that lags hides a loss from a subscription that catches up",
    // A track forgets a gap: the stream stays where it was with the channel.
    replace<typeof trackState>("packages/client/src/state/track-state.ts", {
      trackTransition: (transition) => (state, input, about, world) =>
        input === "reach" && about === null && state.kind === "followed"
          ? { state, effects: [] }
          : transition(state, input, about, world),
    }),
    "pages come from a copy that lags",
  ),
  breaking(
    "law 4",
    "what the stream has carried past before a failover still counts",
    inSubscription((transition, state, input, about, position) => {
      if (state.kind === "closed") return transition(state, input, about, position);
      const { reached, stream } = position;
      // Safe: this input comes with the page.
      const end = input === "pageEnd" ? toPosition((about as Inputs["pageEnd"]).body.cursor) : null;
      // As if the stream had never left the epoch in which it has carried the channel.
      const isBelieved = [state.cursor, end].some((cursor) => covers(cursor, reached));
      const believed = { reached, stream: { handled: stream.handled, carried: reached } };
      return transition(state, input, about, isBelieved ? believed : position);
    }),
    "a page was read before a failover, and comes after it",
  ),
];
