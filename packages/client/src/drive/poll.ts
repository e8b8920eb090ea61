import type { PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { beginPolls, pollTransition, type PollEffects, type PollInputs, type PollState } from "../state/poll-state.ts";
import { noteCut } from "./allowance.ts";
import { createMachine, type Machine } from "./machine.ts";
import type { OpenStream } from "./open-stream.ts";
import { blockOf, blocksOf } from "./page-blocks.ts";
import { requestPage } from "./pages.ts";

/**
 * A stream in pieces, for those to whom no stream comes through. What a page brings comes as the blocks of a stream. It
 * drives the machine of state/poll-state.ts.
 */
export function polls(settings: Settings): OpenStream {
  const { clock, allowance } = settings;

  return ({ channels, after = null }, listener) => {
    const machine: Machine<PollState, PollInputs> = createMachine<PollState, PollInputs, PollEffects>(
      beginPolls(after),
      pollTransition,
      () => {},
      () => {},
      {
        load,
        hello: (start) => listener.onEvent(blockOf("hello", {}, start), () => {}),
        unpack,
        wait: (milliseconds) => clock.setTimeout(() => input("due", null), milliseconds),
        end: (failed) => listener.onEnd(failed),
      },
    );
    const { input } = machine;

    function load({ after: from, more }: PollEffects["load"]): () => void {
      const wait = more ? 0 : allowance.wait;
      const begun = clock.now();
      return requestPage(settings, { channels, after: from, wait }, ([failed, body]) => {
        const elapsed = Math.abs(clock.now() - begun);
        if (failed) {
          noteCut(allowance, wait, elapsed);
          input("failure", failed);
        } else {
          input("page", { body, elapsed });
        }
      });
    }

    function unpack(page: PageBody): void {
      for (const block of blocksOf(page)) {
        listener.onEvent(block, () => {});
        // A gap or a handler may have ended it.
        if (machine.state.kind !== "delivering") {
          return;
        }
      }
      input("pageEnd", null);
    }

    input("due", null);
    return () => input("close", null);
  };
}
