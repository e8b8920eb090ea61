import type { Address, Contract } from "@tidings/contract";
import { presenceKind } from "@tidings/contract/presence";
import { checkHasKeys, checkType, typeNameOf } from "@tidings/protocol/checks";
import { checkAddress } from "../publish/check-address.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";
import { Count } from "./count.ts";
import { People } from "./people.ts";
import type { Place, PlaceNeeds } from "./place.ts";
import { Renewals } from "./renewals.ts";
import { StreamsWithoutRoom } from "./streams-without-room.ts";

/** The longest time that a process which ends waits for what it publishes last, in milliseconds. */
const CLOSE_TIME = 2_000;

interface AllPlacesNeeds extends Pick<PlaceNeeds, "hub" | "clock" | "grace" | "mostPeople" | "report"> {
  readonly contract: Contract;
  /** The address of the servers. */
  readonly servers: Address;
  readonly mostAddresses: number;
}

/** A stream, as `onConnect` and `onDisconnect` of a hub get it. */
export interface VisitingStream {
  /** The id that the viewer had when the stream began: the application may change its object before the end. */
  readonly viewerId: string;
  readonly addresses: readonly Address[];
}

/** Plain JavaScript may pass anything. @throws TypeError, and ContractError for what is no address */
function checkStream(stream: VisitingStream): void {
  checkHasKeys("the stream", stream);
  const { viewerId, addresses } = stream;
  if (typeof viewerId !== "string") {
    throw new TypeError(
      `Expected the "viewerId" that onConnect of the hub gets, a string, got ${typeNameOf(viewerId)}.`,
    );
  }
  // An option that is left out would pass.
  checkType("addresses", addresses ?? null, "array");
  for (const address of addresses) checkAddress(address);
}

/** The addresses with viewers of this server. Its lease is renewed while there are any. */
export class AllPlaces {
  readonly #needs: AllPlacesNeeds;
  readonly #places = new Map<string, Place>();
  readonly #withoutRoom = new StreamsWithoutRoom();
  /** Null while nobody is there. */
  #renewals: Renewals | null = null;
  /** The paths of all vacant places, and of others: a place says only that it may have become vacant. */
  readonly #maybeVacant = new Set<string>();
  #isClosed = false;

  constructor(needs: AllPlacesNeeds) {
    this.#needs = needs;
  }

  connect(stream: VisitingStream): void {
    checkStream(stream);
    const { viewerId, addresses } = stream;
    for (const address of addresses) {
      const place = this.#placeAt(address, () => this.#makeRoom());
      if (place !== null) place.enter(viewerId);
      else if (this.#kindOf(address) !== null) this.#withoutRoom.add(address.path, viewerId);
    }
  }

  disconnect(stream: VisitingStream): void {
    checkStream(stream);
    const { viewerId, addresses } = stream;
    for (const { path } of addresses) {
      if (!this.#withoutRoom.remove(path, viewerId)) this.#places.get(path)?.leave(viewerId);
    }
  }

  async update(address: Address, viewer: string, state: unknown): Promise<void> {
    this.#placeAt(address)?.lookAgain();
    await this.#needs.hub.publish(address, "state", { viewer, state });
    // Once more: the publish may have taken longer than the looks.
    this.#placeAt(address)?.lookAgain();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const { clock, report } = this.#needs;
    const places = [...this.#places.values()];
    const renewals = this.#renewals;
    await withTimeLimit(clock, CLOSE_TIME, async () => {
      // One that is refused does not end the wait for the others, and for the lease.
      const handOvers = places.map((place) => place.handOver().catch(report));
      this.#closePlaces();
      await Promise.all([renewals?.renewLast(), ...handOvers]);
    }).catch(report);
  }

  #closePlaces(): void {
    this.#isClosed = true;
    for (const place of this.#places.values()) place.close();
    this.#places.clear();
    this.#maybeVacant.clear();
  }

  /**
   * Null for an address that does not say who is there, if there are too many, and after the end.
   *
   * @param makeRoom called if there are too many; returns whether there is one less now
   * @throws ContractError `unknown-channel` for what is no address
   */
  #placeAt(address: Address, makeRoom = () => false): Place | null {
    checkAddress(address);
    if (this.#isClosed) return null;
    const found = this.#places.get(address.path);
    if (found !== undefined) return found;
    const kind = this.#kindOf(address);
    if (kind === null) return null;
    const { contract, mostAddresses } = this.#needs;
    if (this.#places.size >= mostAddresses && !makeRoom()) return null;
    const renewals = this.#begin();
    // Safe: its kind is known.
    const channel = contract[address.name] as Contract[string];
    const onMaybeVacant = () => void this.#maybeVacant.add(address.path);
    const needs: PlaceNeeds = { ...this.#needs, channel, address, lease: () => renewals.lease, onMaybeVacant };
    const place = kind === "people" ? new People(needs) : new Count(needs);
    this.#places.set(address.path, place);
    // Nobody has come yet.
    onMaybeVacant();
    return place;
  }

  /** What the contract says about the viewers of an address; null if nothing. */
  #kindOf({ name }: Address): "people" | "count" | null {
    const channel = this.#needs.contract[name];
    const kind = channel === undefined ? null : presenceKind(channel);
    return kind === "people" || kind === "count" ? kind : null;
  }

  #begin(): Renewals {
    const { hub, contract, servers, clock, report } = this.#needs;
    this.#renewals ??= new Renewals({
      hub,
      // Safe: the options were checked to have a channel of this name.
      channel: contract[servers.name] as Contract[string],
      address: servers,
      clock,
      report,
      keepPlaces: () => this.#keepPlaces(),
      publishAll: () => this.#publishAll(),
      onHubClosed: () => this.#stop(),
    });
    return this.#renewals;
  }

  /** Lets every place repair what is wrong in the log. Returns whether there are places left. */
  #keepPlaces(): boolean {
    for (const [path, place] of this.#places) {
      if (!place.isEmpty) {
        place.keep().catch(this.#needs.report);
        continue;
      }
      this.#remove(path, place);
    }
    if (this.#places.size === 0) this.#renewals = null;
    return this.#places.size > 0;
  }

  /**
   * Somebody who comes counts for more than a state whose viewer may not be there: that is forgotten after a day. Only
   * places that may be vacant are looked at, and each of them once: a stream may come to a hundred addresses, and look
   * for room for each.
   */
  #makeRoom(): boolean {
    for (const path of this.#maybeVacant) {
      this.#maybeVacant.delete(path);
      const place = this.#places.get(path);
      if (place === undefined) continue;
      if (!place.isVacant) continue;
      this.#remove(path, place);
      return true;
    }
    return false;
  }

  #remove(path: string, place: Place): void {
    place.close();
    this.#places.delete(path);
    this.#maybeVacant.delete(path);
  }

  #publishAll(): void {
    for (const [path, place] of this.#places) {
      place.publishAll();
      // What was published under the former id does not keep it.
      this.#maybeVacant.add(path);
    }
  }

  /** The hub is closed, and nobody has closed this before. */
  #stop(): void {
    this.#closePlaces();
    this.#renewals?.stop();
  }
}
