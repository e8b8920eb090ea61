/** Milliseconds for which a typing hint is shown. */
export const HINT_TIME = 4_000;

/** Who is typing: everybody with a typing hint within the last seconds. */
export class TypingPeople {
  /** For each name the time when the hint ends. */
  readonly #until = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  add(name: string, now: number): void {
    this.#until.set(name, now + HINT_TIME);
  }

  /** The person has sent the message, so they are not typing it any more. */
  remove(name: string): void {
    this.#until.delete(name);
  }

  clear(): void {
    this.#until.clear();
  }

  /** Returns the names of everybody who is typing. @param now milliseconds since 1970 */
  at(now: number): string[] {
    for (const [name, until] of this.#until) {
      if (until <= now) this.#until.delete(name);
    }
    return [...this.#until.keys()];
  }
}

/** Describes who is typing, for the person at the screen. */
export function describeTyping(names: readonly string[]): string {
  const [first, second] = names;
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing…`;
  return names.length === 2 ? `${first} and ${second} are typing…` : "Several people are typing…";
}
