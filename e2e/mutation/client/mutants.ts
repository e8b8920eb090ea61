import type * as decoderModule from "../../../packages/client/src/deliver/decoder.ts";
import type * as allowanceModule from "../../../packages/client/src/drive/allowance.ts";
import type * as refusalModule from "../../../packages/client/src/drive/refusal.ts";
import type * as streamModule from "../../../packages/client/src/drive/stream.ts";
import type * as itemModule from "../../../packages/client/src/state/item.ts";
import type * as parserModule from "../../../packages/protocol/src/parser.ts";
import { inSubscription } from "../in-subscription.ts";
import { replace, type Mutation } from "../mutation.ts";
import type { LawName } from "./laws.ts";

/** A client that breaks a law. */
interface Mutant {
  readonly law: LawName;
  readonly breaks: string;
  readonly mutation: Mutation;
}

const FOLDER = "packages/client/src";

/** A client whose parser does something else about what is too large. */
const atTooLarge = (onTooLarge: () => void): Mutation =>
  replace<typeof parserModule>("packages/protocol/src/parser.ts", {
    createParser: (createParser) => (options) => createParser({ ...options, onTooLarge }),
  });

/** A client that makes something else of an event that does not fit. */
const atUnreadable = (change: (item: itemModule.UnreadableItem) => itemModule.Item | null): Mutation =>
  replace<typeof decoderModule>(`${FOLDER}/deliver/decoder.ts`, {
    createDecoder:
      (createDecoder) =>
      (...given) => {
        const decoder = createDecoder(...given);
        return {
          ...decoder,
          item(...wire) {
            const item = decoder.item(...wire);
            return item?.kind === "unreadable" ? change(item) : item;
          },
        };
      },
  });

export const mutants: readonly Mutant[] = [
  {
    law: "parts",
    breaks: "does not believe the limit of the server",
    mutation: replace<typeof allowanceModule>(`${FOLDER}/drive/allowance.ts`, {
      createAllowance: (createAllowance) => () =>
        Object.defineProperty(createAllowance(), "channels", { get: () => Infinity, set: () => {} }),
    }),
  },
  {
    law: "parts",
    breaks: "follows no more channels than one request may have",
    mutation: replace<typeof streamModule>(`${FOLDER}/drive/stream.ts`, {
      createStream: (createStream) => (needs) => createStream({ ...needs, onSurplus: () => {} }),
    }),
  },
  {
    law: "parts",
    breaks: "takes too many channels for a refusal of all of them",
    mutation: replace<typeof refusalModule>(`${FOLDER}/drive/refusal.ts`, {
      toRefusal:
        (toRefusal) =>
        async (...given) => ({ ...(await toRefusal(...given)), most: undefined }),
    }),
  },
  {
    law: "too large",
    breaks: "ends the stream at an event that is too large",
    mutation: atTooLarge(() => {
      throw new RangeError("Expected a smaller event.");
    }),
  },
  {
    law: "too large",
    breaks: "leaves out an event that is too large without a word",
    mutation: atTooLarge(() => {}),
  },
  {
    law: "too large",
    breaks: "asks again and again for a page that is too large",
    mutation: inSubscription((transition, ...input) => {
      const [state, name, , position] = input;
      return name === "tooLarge"
        ? transition(state, "failure", { reason: "unavailable" }, position)
        : transition(...input);
    }),
  },
  {
    law: "unreadable",
    breaks: "leaves out what does not fit without a word",
    mutation: atUnreadable(() => null),
  },
  {
    law: "unreadable",
    breaks: "tells no gap where something did not fit",
    mutation: atUnreadable((item) => ({ ...item, gap: null })),
  },
  {
    law: "unreadable",
    breaks: "does not say that something is missing",
    mutation: inSubscription((transition, ...input) => {
      const { state, effects } = transition(...input);
      return { state: state.kind === "closed" ? state : { ...state, degraded: null }, effects };
    }),
  },
  {
    law: "unreadable",
    breaks: "loads the state for each event that does not fit",
    mutation: inSubscription((transition, state, ...input) =>
      transition(state.kind === "closed" ? state : { ...state, gaps: [] }, ...input),
    ),
  },
];
