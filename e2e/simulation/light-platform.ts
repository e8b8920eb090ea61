// Stand-ins for classes of the platform, which together take a fifth of all the time of a simulation: what hub and
// client use of them, and no more.

class LightSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];

  static any(signals: readonly LightSignal[]): LightSignal {
    const either = new LightSignal();
    for (const signal of signals) {
      if (signal.aborted) either.fire(signal.reason);
      else signal.addEventListener("abort", () => either.fire(signal.reason));
    }
    return either;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

class LightController {
  readonly signal = new LightSignal();

  abort(reason: unknown = ABORTED): void {
    this.signal.fire(reason);
  }
}

const ABORTED = new Error("This operation was aborted");

/** Made from a record or from other headers. */
class LightHeaders {
  readonly #values: Map<string, string>;

  constructor(given: LightHeaders | Readonly<Record<string, string>> = {}) {
    this.#values = new Map(
      given instanceof LightHeaders
        ? given.#values
        : Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]),
    );
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }
}

/** Small buffers come from a pool. */
class LightEncoder {
  encode(text: string): Uint8Array {
    return Buffer.from(text);
  }

  encodeInto(text: string, { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): { readonly written: number } {
    return { written: Buffer.from(buffer, byteOffset, length).write(text) };
  }
}

Object.assign(globalThis, {
  AbortController: LightController,
  AbortSignal: LightSignal,
  Headers: LightHeaders,
  TextEncoder: LightEncoder,
});
