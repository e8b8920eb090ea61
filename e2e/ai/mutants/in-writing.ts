import type * as runWriterModule from "../../../packages/ai/src/server/run-writer.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";

type Begin = (typeof runWriterModule.RunWriter)["begin"];
type LeasingHub = runWriterModule.LeasingHub;
type LeasedWriter = Awaited<ReturnType<LeasingHub["lease"]>>;
/** What a writer does instead. */
type Change = (writer: LeasedWriter) => Partial<LeasedWriter>;

/** Runs that begin in another way. */
export function inBegin(change: (begin: Begin, ...given: Parameters<Begin>) => ReturnType<Begin>): Mutation {
  return replace<typeof runWriterModule>("packages/ai/src/server/run-writer.ts", {
    RunWriter: (RunWriter) => {
      const begin: Begin = (...given) => RunWriter.begin(...given);
      return withMethods(RunWriter, { begin: (...given) => change(begin, ...given) });
    },
  });
}

/**
 * Runs that write in another way than they are told.
 *
 * @param changes is called for each run
 */
export function inLeases(changes: () => { readonly run?: Change; readonly chat?: Change }): Mutation {
  return inBegin((begin, hub, place) => {
    const { run, chat } = changes();
    const lease: LeasingHub["lease"] = async (address, options) => {
      const writer = await hub.lease(address, options);
      const change = address === place.run ? run : chat;
      return withMethods(writer, change?.(writer) ?? {});
    };
    return begin({ lease }, place);
  });
}

type RunWriter = NonNullable<Awaited<ReturnType<Begin>>>;

/** Writers of a run that do something else. */
export function inRunWriter(change: (writer: RunWriter) => Partial<RunWriter>): Mutation {
  return inBegin(async (begin, hub, place) => {
    const writer = await begin(hub, place);
    return writer && withMethods(writer, change(writer));
  });
}
