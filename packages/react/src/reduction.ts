import type { Cleared, Gap, ReceivedEvent, SnapshotInfo } from "@tidings/client";
import type { ChannelName, Contract, DataOf, EndData, EndName, SnapshotName, SnapshotState } from "@tidings/contract";
import { ownMember } from "./own-member.ts";

/** Returns the next state, or the same one when nothing has changed. */
type Reducer<State, Argument> = (state: State, argument: Argument) => NoInfer<State>;
type EventReducer<State, Data, Event> = (state: State, data: Data, event: Event) => NoInfer<State>;

/** `Data` is the data of each event type. */
interface CommonReduction<Data, State> {
  /** The state before anything has arrived: an empty one, or what the server has rendered. */
  readonly initial: State;
  /**
   * Starts after this event instead of now: the cursor that belongs to `initial`. Neither a snapshot nor current values
   * are asked for then. It is read when the component begins to follow the address, and not afterwards.
   */
  readonly after?: string | undefined;
  /** One reducer per event type that matters. */
  readonly reduce: {
    readonly [Type in keyof Data]?: EventReducer<State, Data[Type], ReceivedEvent<Type & string, Data[Type]>>;
  };
  /** The next state after a `latest` value was withdrawn or has expired. @default the state stays */
  readonly clear?: Reducer<State, Cleared<keyof Data & string>>;
}

interface ReductionWithSnapshot<Data, State, Snapshot> extends CommonReduction<Data, State> {
  /**
   * The state to start from, at first and after every gap. It replaces the whole state: the `latest` values that are
   * still valid follow. `about.cursor` is the `before` with which history begins.
   */
  readonly snapshot: (snapshot: Snapshot, about: SnapshotInfo) => NoInfer<State>;
  /** The state until the snapshot after a gap has arrived. @default the state stays */
  readonly gap?: Reducer<State, Gap>;
}

interface EndReduction<State, End> {
  /** The state after the address has ended. @default the state stays */
  readonly end?: EventReducer<State, End, ReceivedEvent<"end", End>>;
}

/** Where a gap cannot be healed by a snapshot, the application has to say what it does about one. */
interface ReductionWithoutSnapshot<Data, State> extends CommonReduction<Data, State> {
  /** The state after events are lost. Forget `latest` values: those that are still valid follow. */
  readonly gap: Reducer<State, Gap>;
}

/**
 * How the events of an address become a state. After a snapshot, events of the last two seconds come once more, so
 * apply events by key.
 */
export type Reduction<C extends Contract, Name extends ChannelName<C>, State> = C[Name]["events"] extends infer Events
  ? (Name extends SnapshotName<C>
      ? ReductionWithSnapshot<{ [Type in keyof Events]: DataOf<Events[Type]> }, State, SnapshotState<C, Name>>
      : ReductionWithoutSnapshot<{ [Type in keyof Events]: DataOf<Events[Type]> }, State>) &
      (Name extends EndName<C> ? EndReduction<State, EndData<C, Name>> : unknown)
  : never;

type AnyReducer<State> = (state: State, argument: unknown, event: unknown) => State;

/** The parts of any reduction. The types have checked which there are, and what each takes. */
export interface AnyReduction<State> {
  readonly initial: State;
  readonly after?: string | undefined;
  readonly reduce: Readonly<Record<string, AnyReducer<State> | undefined>>;
  readonly clear?: AnyReducer<State>;
  readonly end?: AnyReducer<State>;
  readonly gap?: AnyReducer<State>;
  readonly snapshot?: (snapshot: unknown, about: unknown) => State;
}

/** The reducer for what the handler of this name gets; undefined where nothing changes. */
export function reducerOf<State>(reduction: AnyReduction<State>, name: string): AnyReducer<State> | undefined {
  const { reduce, clear, end, gap, snapshot } = reduction;
  switch (name) {
    case "snapshot":
      return snapshot && ((_, state, about) => snapshot(state, about));
    case "onClear":
      return clear;
    case "onEnd":
      return end;
    case "onGap":
      return gap;
    default:
      return ownMember(reduce, name);
  }
}
