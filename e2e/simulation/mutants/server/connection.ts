import type { Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type * as connectionModule from "../../../../packages/server/src/stream/connection.ts";
import type * as pumpModule from "../../../../packages/server/src/stream/pump.ts";
import { LogBatch } from "../../../../packages/server/src/wire/batch.ts";
import { toChunk } from "../../../../packages/server/src/wire/chunk.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { breaking, type Mutant } from "../mutant.ts";

type ConnectionClass = (typeof connectionModule)["Connection"];
type Given = ConstructorParameters<ConnectionClass>;
type Needs = Given[0];
type StreamStart = Given[2];

const replaceConnection = (wrapper: (original: ConnectionClass) => ConnectionClass): Mutation =>
  replace<typeof connectionModule>("packages/server/src/stream/connection.ts", { Connection: wrapper });

/** Connections that get other parts than their hub has for them. */
const giveOther = (change: (...given: Given) => Given): Mutation =>
  replaceConnection(
    (Connection) =>
      class extends Connection {
        constructor(...given: Given) {
          super(...change(...given));
        }
      },
  );

type ChangePage = (page: Page, after: Cursor, paths: readonly string[]) => Page;

/** Connections that see other pages of the log. */
const changePages = (changeOf: (start: StreamStart) => ChangePage): Mutation =>
  giveOther((needs, sink, start) => {
    const change = changeOf(start);
    const pages: Needs["pages"] = {
      find: () => null,
      async read(after, paths, signal) {
        const { page } = await needs.pages.read(after, paths, signal);
        const changed = change(page, after, paths);
        return { page: changed, batch: new LogBatch(changed.entries) };
      },
    };
    return [{ ...needs, pages }, sink, start];
  });

/** Connections that write other frames. */
const changeFrames = (change: (frame: string, needs: Needs, start: StreamStart) => string): Mutation =>
  giveOther((needs, sink, start) => {
    const write = (bytes: Uint8Array): boolean => {
      const changed = toChunk(change(Buffer.from(bytes).toString(), needs, start));
      return sink.write(changed.bytes, changed.framed);
    };
    return [needs, { write, end: () => sink.end() }, start];
  });

const tokenOf = ({ epoch, seq }: Cursor): string => `${epoch}.${seq}`;
const hasId = (frame: string): boolean => /^id: /m.test(frame);
/** The last line of a frame is empty. */
const withId = (frame: string, position: Cursor): string => `${frame.slice(0, -1)}id: ${tokenOf(position)}\n\n`;

/** Connections that break laws. */
export const connectionMutants: readonly Mutant[] = [
  breaking(
    "law 1",
    "live push beside the cursor",
    replace<typeof pumpModule>("packages/server/src/stream/pump.ts", {
      Pump: (Pump) =>
        class extends Pump {
          /** Where the ring stood before it got what is pushed; undefined until then. */
          pushedAfter: Cursor | undefined;
          override get cursor() {
            const { cursor } = { cursor: super.cursor };
            const { pushedAfter = cursor } = this;
            return pushedAfter.epoch === cursor.epoch && pushedAfter.seq > cursor.seq ? pushedAfter : cursor;
          }
          override wake(headBefore: Cursor) {
            this.pushedAfter = headBefore;
            return super.wake(headBefore);
          }
        },
    }),
    "much is published in every mode",
  ),
  breaking(
    "law 1",
    "a full sink is ignored",
    giveOther((needs, sink, start) => {
      const write = (...written: Parameters<typeof sink.write>): boolean => {
        sink.write(...written);
        return true;
      };
      return [needs, { write, end: () => sink.end() }, start];
    }),
    "sockets fill up",
  ),
  breaking(
    "law 2",
    "the cursor is checked only at connect",
    changePages(({ isConfirmed }) => {
      let isChecked = isConfirmed;
      return (page) => {
        const holes = isChecked ? page.holes.filter(({ reason }) => reason === "trimmed") : page.holes;
        isChecked = true;
        return { ...page, holes };
      };
    }),
    "failovers with readers",
  ),
  breaking(
    "law 7",
    "a gap carries the head's id while other channels have entries",
    changeFrames((frame, { ring }) =>
      frame.startsWith("event: gap\n") && !hasId(frame) ? withId(frame, ring.head) : frame,
    ),
    "the ring is smaller than what is published",
  ),
  breaking(
    "law 9",
    "a heartbeat carries the head",
    changeFrames((frame, { ring }) =>
      frame.startsWith("event: heartbeat\n") ? frame.replace(/^id: .*$/m, `id: ${tokenOf(ring.head)}`) : frame,
    ),
    "the log is slow, and the ring has moved on",
  ),
  breaking(
    "law 11",
    "filtering is reported as a gap",
    changePages(() => (page, after, paths) => {
      const { next, entries, holes } = page;
      if (next.seq <= after.seq + entries.length) return page;
      const invented = paths.map((channel) => ({ channel, reason: "trimmed" as const, to: next.seq }));
      return { ...page, holes: [...holes, ...invented] };
    }),
    "other channels are busy",
  ),
  breaking(
    "readableFrom",
    "values on a stream are shown to everybody",
    giveOther((needs, sink, start) => [needs, sink, { ...start, readableFromByPath: new Map() }]),
    "a right to see values comes back from now on, without our client",
  ),
  breaking(
    "latest",
    "values on a stream are of the log after a failover",
    // A connection asks for the head only to compare its epoch.
    giveOther((needs, sink, start) => {
      const head = async (): Promise<Cursor> => ({ ...(await needs.log.head()), epoch: start.epoch });
      return [{ ...needs, log: withMethods(needs.log, { head }) }, sink, start];
    }),
    "a failover between two pages of values, without our client",
  ),
  breaking(
    "law 8",
    "an id before the current values",
    changeFrames((frame, _, { newPaths, cursor }) =>
      newPaths.length > 0 && /^event: hello$/m.test(frame) ? withId(frame, cursor) : frame,
    ),
    "a failover between two pages of values, without our client",
  ),
  breaking(
    "credentials",
    "a stream begins although they have ended meanwhile",
    replaceConnection(
      (Connection) =>
        class extends Connection {
          readonly clock: Needs["clock"];
          hasBegun = false;
          constructor(...given: Given) {
            super(...given);
            this.clock = given[0].clock;
          }
          override start() {
            this.hasBegun = true;
            super.start();
          }
          override endNow(...ending: Parameters<InstanceType<ConnectionClass>["endNow"]>) {
            const isTooLate = this.lifetime.expiresAt <= this.clock.now();
            if (this.hasBegun || ending[0] !== "expired" || !isTooLate) super.endNow(...ending);
          }
        },
    ),
    "credentials end while streams open",
  ),
];
