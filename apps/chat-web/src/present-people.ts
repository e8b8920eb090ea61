/** Who is online: everybody with a value of at least one server. The number of their tabs does not matter. */
export class PresentPeople {
  /** The names by the key of their value. */
  readonly #names = new Map<string, string>();

  /** @param server the process with an open stream of the person */
  add({ name, server }: { readonly name: string; readonly server: string }): void {
    this.#names.set(`${server}/${name}`, name);
  }

  /** @param key the key of the value in the contract: server and name */
  remove(key: string): void {
    this.#names.delete(key);
  }

  clear(): void {
    this.#names.clear();
  }

  /** Returns each person once, sorted by name. */
  list(): string[] {
    return [...new Set(this.#names.values())].sort((one, other) => one.localeCompare(other));
  }
}
