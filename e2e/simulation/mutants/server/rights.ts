import type * as answerPageModule from "../../../../packages/server/src/page/answer-page.ts";
import type * as commandsModule from "../../../../packages/server/src/rights/commands.ts";
import type * as rechecksModule from "../../../../packages/server/src/rights/rechecks.ts";
import type * as answerStreamModule from "../../../../packages/server/src/stream/answer-stream.ts";
import type * as lifetimeModule from "../../../../packages/server/src/stream/lifetime.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { breaking, type Mutant } from "../mutant.ts";

type CreateCommands = (typeof commandsModule)["createCommands"];
type Stream = rechecksModule.RecheckedStream;

const replaceCommands = (wrapper: (original: CreateCommands) => CreateCommands): Mutation =>
  replace<typeof commandsModule>("packages/server/src/rights/commands.ts", { createCommands: wrapper });

/** Rechecks that get other streams than the open ones. */
const replaceRechecked = (change: (stream: Stream) => Stream): Mutation =>
  replace<typeof rechecksModule>("packages/server/src/rights/rechecks.ts", {
    createRechecks: (createRechecks) => (needs) => {
      const rechecks = createRechecks(needs);
      const changed = new WeakMap<Stream, Stream>();
      return {
        ask(stream, seq) {
          const other = changed.get(stream) ?? change(stream);
          changed.set(stream, other);
          rechecks.ask(other, seq);
        },
      };
    },
  });

/** Hubs that break the laws about who may read, and until when. */
export const rightMutants: readonly Mutant[] = [
  breaking(
    "authorisation",
    "a command that came while a stream was opened is missed",
    replace<typeof answerStreamModule>("packages/server/src/stream/answer-stream.ts", {
      answerStream:
        (answerStream) =>
        (needs, ...rest) => {
          const commands = withMethods(needs.commands, { missedSince: () => "none" as const });
          return answerStream({ ...needs, commands }, ...rest);
        },
    }),
    "rights end while streams open",
  ),
  breaking(
    "authorisation",
    "a command that was lost while a stream was opened is missed",
    replaceCommands((createCommands) => (needs) => {
      const commands = createCommands(needs);
      return withMethods(commands, {
        follow(entries, holes) {
          commands.follow(entries, []);
          if (!holes.some(({ channel }) => channel.startsWith("$hub"))) return;
          for (const stream of [...needs.streams]) stream.end("expired", 500 + needs.random() * 4_500);
        },
      });
    }),
    "commands are lost while streams open",
  ),
  breaking(
    "authorisation",
    "a recheck is not carried out",
    replaceCommands((createCommands) => (needs) => {
      let isRecheck = false;
      const streams = {
        [Symbol.iterator]: () => (isRecheck ? [] : needs.streams)[Symbol.iterator](),
        ofViewer: (id: string) => (isRecheck ? [] : needs.streams.ofViewer(id)),
      };
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
    "authorisation",
    "a stream writes on while authorize is asked again",
    replaceRechecked((stream) => withMethods(stream, { holdAt() {} })),
    "rights are taken, and the answer is slow",
  ),
  breaking(
    "readableFrom",
    "a stream keeps the one that it began with",
    replaceRechecked((stream) => withMethods(stream, { end() {} })),
    "a right is narrowed while readers are behind",
  ),
  breaking(
    "credentials",
    "their end is not checked",
    replace<typeof lifetimeModule>("packages/server/src/stream/lifetime.ts", {
      Lifetime: (Lifetime) =>
        class extends Lifetime {
          override over(...question: Parameters<InstanceType<typeof Lifetime>["over"]>) {
            const { expiresAt } = this;
            this.expiresAt = Infinity;
            const reason = super.over(...question);
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
    "an end of a right that is set later is ignored",
    replaceRechecked((stream) => {
      const { expiresAt } = stream.lifetime;
      return withMethods(stream, { lifetime: { expiresAt } });
    }),
    "rights are granted for a while, again and again",
  ),
  breaking(
    "rights",
    "a command that comes while authorize is asked does not ask again",
    replace<typeof rechecksModule>("packages/server/src/rights/rechecks.ts", {
      createRechecks: (createRechecks) => (needs) => {
        const rechecks = createRechecks(needs);
        const pending = new Set<Stream>();
        return {
          ask(stream, seq) {
            if (pending.has(stream)) return;
            pending.add(stream);
            const release = (): void => {
              pending.delete(stream);
              stream.release();
            };
            rechecks.ask(withMethods(stream, { release }), seq);
          },
        };
      },
    }),
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
            // Only a right that has ended before the question counts.
            return expiresAt <= clock.now() ? decision : endless;
          };
          return answerPage({ ...needs, hooks: withMethods(hooks, { authorize }) }, ...rest);
        },
    }),
    "rights end while pages are made",
  ),
];
