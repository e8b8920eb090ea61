import type { Address, AnyChannel } from "@tidings/contract";
import type { Clock } from "@tidings/protocol/clock";
import type { ServerLease } from "./server-lease.ts";
import type { PresenceHub, Report } from "./presence-hub.ts";

/** What a place needs. */
export interface PlaceNeeds {
  readonly hub: PresenceHub;
  readonly channel: Pick<AnyChannel, "events">;
  readonly address: Address;
  /** The lease under which this server publishes now. */
  readonly lease: () => Pick<ServerLease, "server" | "otherServers" | "isAlive">;
  readonly clock: Pick<Clock, "now" | "monotonic" | "setTimeout">;
  /** In milliseconds. */
  readonly grace: number;
  readonly mostPeople: number;
  readonly report: Report;
  /** Called whenever the place may have become vacant. */
  readonly onMaybeVacant: () => void;
}

/** An address with viewers of this server. */
export interface Place {
  /** Whether nobody is there, and this server does not say otherwise. Only the states of others may be left. */
  readonly isVacant: boolean;
  /** Whether it is vacant, and nothing is left to repair. */
  readonly isEmpty: boolean;
  /** A stream of the viewer has begun. */
  enter(viewer: string): void;
  /** A stream of the viewer has ended. */
  leave(viewer: string): void;
  /** A state was published. Looks whether its viewer is there, and withdraws it otherwise. */
  lookAgain(): void;
  /** Publishes everything again: the server has a new id. */
  publishAll(): void;
  /** Compares the log with what it should have, and repairs it. Called after each renewal of the lease. */
  keep(): Promise<void>;
  /** This server ends: publishes what holds until its people have come to other servers, and its lease ends. */
  handOver(): Promise<void>;
  /** Publishes nothing from now on. */
  close(): void;
}
