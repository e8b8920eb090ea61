import type * as answerPageModule from "../../../../packages/server/src/page/answer-page.ts";
import type * as commandsModule from "../../../../packages/server/src/rights/commands.ts";
import type * as answerStreamModule from "../../../../packages/server/src/stream/answer-stream.ts";
import type * as lifetimeModule from "../../../../packages/server/src/stream/lifetime.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { breaking, type Mutant } from "../mutant.ts";

type CreateCommands = (typeof commandsModule)["createCommands"];
type CommandNeeds = Parameters<CreateCommands>[0];
type Lifetime = commandsModule.CommandedStream["lifetime"];

const replaceCommands = (wrapper: (original: CreateCommands) => CreateCommands): Mutation =>
  replace<typeof commandsModule>("packages/server/src/rights/commands.ts", { createCommands: wrapper });

/** Commands that see other lifetimes of streams. */
const changeLifetimes = (change: (lifetime: Lifetime) => Lifetime): Mutation =>
  replaceCommands((createCommands) => (needs) => {
    const streamsOf = function* ({ streams }: CommandNeeds): Iterable<commandsModule.CommandedStream> {
      for (const stream of streams) yield withMethods(stream, { lifetime: change(stream.lifetime) });
    };
    return createCommands({ ...needs, streams: { [Symbol.iterator]: () => streamsOf(needs)[Symbol.iterator]() } });
  });

/** Hubs that break their word about who may read, and until when. */
export const rightMutants: readonly Mutant[] = [
  breaking(
    "authorisation",
    "an order that came while a stream was opened is missed",
    replace<typeof answerStreamModule>("packages/server/src/stream/answer-stream.ts", {
      answerStream:
        (answerStream) =>
        (needs, ...rest) => {
          const commands = withMethods(needs.commands, { hasChangedSince: () => false });
          return answerStream({ ...needs, commands }, ...rest);
        },
    }),
    "rights end while streams open",
  ),
  breaking(
    "authorisation",
    "one that was lost while a stream was opening is missed",
    replaceCommands((createCommands) => (needs) => {
      const commands = createCommands(needs);
      return withMethods(commands, {
        follow(entries, holes) {
          commands.follow(entries, []);
          if (!holes.some(({ channel }) => channel === "$hub")) return;
          for (const stream of [...needs.streams]) stream.end("expired", 500 + needs.random() * 4_500);
        },
      });
    }),
    "orders are lost while streams open",
  ),
  breaking(
    "authorisation",
    "a recheck is not carried out",
    replaceCommands((createCommands) => (needs) => {
      let isRecheck = false;
      const streams = { [Symbol.iterator]: () => (isRecheck ? [] : needs.streams)[Symbol.iterator]() };
      const commands = createCommands({ ...needs, streams });
      return withMethods(commands, {
        follow(entries, holes) {
          for (const entry of entries) {
            isRecheck = entry.type === "recheck";
            commands.follow([entry], []);
          }
          isRecheck = false;
          commands.follow([], holes);
        },
      });
    }),
    "rights are taken",
  ),
  breaking(
    "credentials",
    "nobody looks at when they end",
    replace<typeof lifetimeModule>("packages/server/src/stream/lifetime.ts", {
      Lifetime: (Lifetime) =>
        class extends Lifetime {
          override over(...asked: Parameters<InstanceType<typeof Lifetime>["over"]>) {
            const { expiresAt } = this;
            this.expiresAt = Infinity;
            const reason = super.over(...asked);
            this.expiresAt = expiresAt;
            return reason;
          }
        },
    }),
    "credentials end",
  ),
  breaking(
    "max-age",
    "a stream lasts for ever",
    replace<typeof lifetimeModule>("packages/server/src/stream/lifetime.ts", { tooOldAt: () => () => Infinity }),
    "streams grow old",
  ),
  breaking(
    "rights",
    "an end that comes later is not heard of",
    changeLifetimes(({ expiresAt }) => ({ expiresAt })),
    "rights are granted for a while, again and again",
  ),
  breaking(
    "rights",
    "an answer from before replaces a newer one",
    // An answer that was overtaken is compared with no end at all.
    changeLifetimes((lifetime) => ({
      get expiresAt() {
        return Infinity;
      },
      set expiresAt(end) {
        lifetime.expiresAt = end;
      },
    })),
    "rights are granted for a while, again and again",
  ),
  breaking(
    "rights",
    "a page is answered although they have ended meanwhile",
    replace<typeof answerPageModule>("packages/server/src/page/answer-page.ts", {
      answerPage:
        (answerPage) =>
        (needs, ...rest) => {
          const { hooks, clock } = needs;
          const authorize: typeof hooks.authorize = async (question) => {
            const decision = await hooks.authorize(question);
            if (typeof decision !== "object" || decision === null) return decision;
            const { expiresAt = Infinity, ...endless } = decision;
            // Only what has ended before it is asked about counts.
            return expiresAt <= clock.now() ? decision : endless;
          };
          return answerPage({ ...needs, hooks: withMethods(hooks, { authorize }) }, ...rest);
        },
    }),
    "rights end while pages are made",
  ),
];
