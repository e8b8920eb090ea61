import { feeds, reliableType, rooms, symbols, type AnyAddress, type NumberedPublication } from "./contract.ts";
import { pick } from "./random.ts";

/** Makes the events that are published. Each has a number of its own. */
export class NumberedEvents {
  #published = 0;

  /** A number that no other event has. */
  nextNumber(): number {
    return ++this.#published;
  }

  reliable(address: AnyAddress, pad?: string): NumberedPublication {
    const data = { n: this.nextNumber(), ...(pad === undefined ? {} : { pad }) };
    // The type is one of the address's own channel.
    return { address, type: reliableType[address.name], data } as NumberedPublication;
  }

  latest(address: AnyAddress, at: number): NumberedPublication {
    const n = this.nextNumber();
    const event =
      address.name === "feed"
        ? { type: "price", data: { n, symbol: pick(symbols, at) } }
        : { type: "topic", data: { n } };
    return { address, ...event } as NumberedPublication;
  }

  /** One for each value that there may be. */
  everyValue(): NumberedPublication[] {
    return [...feeds, ...rooms].flatMap((address) =>
      symbols
        .slice(0, address.name === "feed" ? symbols.length : 1)
        .map((_, at) => this.latest(address, at / symbols.length)),
    );
  }

  volatile(address: AnyAddress): NumberedPublication {
    return { address, type: "typing", data: { n: this.nextNumber() } } as NumberedPublication;
  }
}
