/** Milliseconds that a typing hint stands for. */
export const TYPING_AGE = 4_000;

/** Who is typing: everybody of whom a hint came within the last seconds. */
export class TypingPeople {
  readonly #until = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  add(name: string, now: number): void {
    this.#until.set(name, now + TYPING_AGE);
  }

  /** Whoever has sent the message is not typing it any more. */
  remove(name: string): void {
    this.#until.delete(name);
  }

  clear(): void {
    this.#until.clear();
  }

  at(now: number): string[] {
    for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
    return [...this.#until.keys()];
  }
}

export function describeTyping(names: readonly string[]): string {
  const [first, second] = names;
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing…`;
  return names.length === 2 ? `${first} and ${second} are typing…` : "Several people are typing…";
}
