import type * as startPosition from "../../../../packages/server/src/position/start-position.ts";
import type * as catchUpModule from "../../../../packages/server/src/page/catch-up.ts";
import type * as currentValuesModule from "../../../../packages/server/src/page/current-values.ts";
import type * as overlapModule from "../../../../packages/server/src/page/snapshot-overlap.ts";
import type * as snapshotsModule from "../../../../packages/server/src/page/snapshots.ts";
import type * as statesModule from "../../../../packages/server/src/page/states.ts";
import { partCursor, partPosition } from "../../../../packages/server/src/position/part-cursor.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { breaking, type Mutant } from "../mutant.ts";

type CreateSnapshots = (typeof snapshotsModule)["createSnapshots"];
type Snapshots = ReturnType<CreateSnapshots>;
type SnapshotNeeds = Parameters<CreateSnapshots>[0];
type CatchUp = (typeof catchUpModule)["catchUp"];
type Parts = Awaited<ReturnType<CatchUp>>;

/** Snapshots that are loaded in another way. */
const loadOtherwise = (
  change: (snapshots: Snapshots, needs: SnapshotNeeds, create: CreateSnapshots) => Snapshots["load"],
): Mutation =>
  replace<typeof snapshotsModule>("packages/server/src/page/snapshots.ts", {
    createSnapshots: (create) => (needs) => {
      const snapshots = create(needs);
      return withMethods(snapshots, { load: change(snapshots, needs, create) });
    },
  });

/** Pages of events with other contents. */
const changePages = (change: (parts: Parts) => Parts): Mutation =>
  replace<typeof catchUpModule>("packages/server/src/page/catch-up.ts", {
    catchUp:
      (catchUp) =>
      async (...question) =>
        change(await catchUp(...question)),
  });

const replaceValues = (
  wrapper: (original: (typeof currentValuesModule)["currentValues"]) => (typeof currentValuesModule)["currentValues"],
): Mutation =>
  replace<typeof currentValuesModule>("packages/server/src/page/current-values.ts", { currentValues: wrapper });

const replaceStart = (
  wrapper: (original: (typeof startPosition)["findStartPosition"]) => (typeof startPosition)["findStartPosition"],
): Mutation =>
  replace<typeof startPosition>("packages/server/src/position/start-position.ts", { findStartPosition: wrapper });

/** On a page, only current values and volatile events have no id. */
const isWithoutId = (json: string): boolean => !("id" in (JSON.parse(json) as object));

/** Hubs that break laws in pages and in positions. */
export const pageMutants: readonly Mutant[] = [
  breaking(
    "law 8",
    "a snapshot before its cursor",
    loadOtherwise((snapshots, { findStart }) => async (address, readableFrom, gone) => {
      const loaded = await snapshots.load(address, readableFrom, gone);
      const { head } = await findStart(address.path, readableFrom, () => {});
      return { ...loaded, start: head, head };
    }),
    "events come while states load",
  ),
  breaking(
    "law 8",
    "a snapshot with the head for its position",
    replace<typeof overlapModule>("packages/server/src/page/snapshot-overlap.ts", {
      createSnapshotOverlap: (create) => (needs) => create({ ...needs, overlap: 0 }),
    }),
    "rows are readable later than their events",
  ),
  breaking(
    "law 8",
    "a snapshot with a position before what its state shows",
    replace<typeof statesModule>("packages/server/src/page/states.ts", {
      states:
        (states) =>
        (needs, ...rest) => {
          const read: typeof needs.log.read = async (after, ...question) => ({
            ...(await needs.log.read(after, ...question)),
            entries: [],
            next: after,
          });
          return states({ ...needs, log: withMethods(needs.log, { read }) }, ...rest);
        },
    }),
    "a failover just after a state",
  ),
  breaking(
    "law 8",
    "a state of the log before is given a position of this one",
    replace<typeof statesModule>("packages/server/src/page/states.ts", {
      states:
        (states) =>
        (needs, ...rest) => {
          const { log, snapshots } = needs;
          const load: Snapshots["load"] = async (...question) => {
            const loaded = await snapshots.load(...question);
            const { epoch } = await log.head();
            return { ...loaded, start: { ...loaded.start, epoch }, head: { ...loaded.head, epoch } };
          };
          return states({ ...needs, snapshots: { load } }, ...rest);
        },
    }),
    "the log is replaced while states load",
  ),
  breaking(
    "law 12",
    "concurrent requests of a state load it several times",
    loadOtherwise(
      (_, needs, create) =>
        (...question) =>
          create(needs).load(...question),
    ),
    "several ask for one state",
  ),
  breaking(
    "readableFrom",
    "a state is shared with a viewer that may read less of it",
    loadOtherwise((snapshots) => {
      const loading = new Map<string, ReturnType<Snapshots["load"]>>();
      return (address, readableFrom, gone) => {
        const { path } = address;
        const load =
          loading.get(path) ?? snapshots.load(address, readableFrom, gone).finally(() => loading.delete(path));
        loading.set(path, load);
        return load;
      };
    }),
    "a right comes back from now on while states load",
  ),
  breaking(
    "latest",
    "current values after newer ones",
    changePages((parts) => ({
      ...parts,
      events: [...parts.events.filter((json) => !isWithoutId(json)), ...parts.events.filter(isWithoutId)],
    })),
    "values change while somebody begins",
  ),
  breaking(
    "law 7",
    "a start that is lost is reported as trimmed",
    // The last hole of a path counts.
    changePages((parts) => ({ ...parts, holes: [...parts.holes].reverse() })),
    "a reader begins anew in a log that is lost",
  ),
  breaking(
    "readableFrom",
    "values on a page are shown to everybody",
    replaceValues(
      (currentValues) =>
        (needs, beginning, ...rest) =>
          currentValues(needs, { ...beginning, readableFromByPath: new Map() }, ...rest),
    ),
    "a right to see values comes back from now on",
  ),
  breaking(
    "latest",
    "after parts of values, events go on from what is newest then",
    replace<typeof catchUpModule>("packages/server/src/page/catch-up.ts", {
      catchUp:
        (catchUp) =>
        async (needs, request, start, ...rest) => {
          const parts = await catchUp(needs, request, start, ...rest);
          const part = partPosition(parts.cursor);
          if (part === null) return parts;
          const all = { entries: Infinity, bytes: Infinity };
          const { next } = await needs.log.read(part.events, [...start.fromByPath.keys()], all);
          return { ...parts, cursor: partCursor({ ...part, events: next }) };
        },
    }),
    "values change between two parts of them",
  ),
  breaking(
    "law 2",
    "after a part of values, events go on in whichever log is there",
    replace<typeof catchUpModule>("packages/server/src/page/catch-up.ts", {
      catchUp: (catchUp) => async (needs, request, start, part, gone) => {
        const parts = await catchUp(needs, request, start, part, gone);
        if (part === null) return parts;
        const { next } = await needs.log.current([...start.fromByPath.keys()], null, { entries: 1, bytes: 1_000 });
        return { ...parts, cursor: { ...parts.cursor, epoch: next.epoch } };
      },
    }),
    "a failover between two pages of values",
  ),
  breaking(
    "readableFrom",
    "ignored",
    replaceStart((findStartPosition) => async (needs, request, access, gone) => {
      const granted = new Map([...access.granted].map(([path, { address }]) => [path, { address, grant: {} }]));
      return { ...(await findStartPosition(needs, request, { ...access, granted }, gone)), access };
    }),
    "a right comes back from now on",
  ),
  breaking(
    "law 2",
    "a start is validated by a ring that lags behind a failover",
    replaceStart((findStartPosition) => async (needs, ...rest) => {
      const { log, ring } = needs;
      const read: typeof log.read = (after, ...question) =>
        ring.covers(after)
          ? Promise.resolve({ entries: [], holes: [], next: after, more: false })
          : log.read(after, ...question);
      const start = await findStartPosition({ ...needs, log: withMethods(log, { read }) }, ...rest);
      return { ...start, isConfirmed: start.isConfirmed || ring.covers(start.cursor) };
    }),
    "a failover that no hub notices",
  ),
];
