/** Who is here: everybody with a value on at least one server, however many tabs they have. */
export class PresentPeople {
  readonly #names = new Map<string, string>();

  /** @param server the process that holds a stream of theirs */
  add({ name, server }: { readonly name: string; readonly server: string }): void {
    this.#names.set(`${server}/${name}`, name);
  }

  /** @param key the one of the contract: server and name */
  remove(key: string): void {
    this.#names.delete(key);
  }

  clear(): void {
    this.#names.clear();
  }

  /** By name, each person once. */
  list(): string[] {
    return [...new Set(this.#names.values())].sort((one, other) => one.localeCompare(other));
  }
}
