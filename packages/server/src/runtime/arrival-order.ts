/**
 * Members in the order of their arrival. Every step costs the same. With a plain `Set`, to find the first member costs
 * a walk over the places of all that were deleted before it.
 */
export class ArrivalOrder<Member> {
  /** By member: the number of its arrival. */
  readonly #numbers = new Map<Member, number>();
  /** Some of them may have left, or come again later. */
  #arrived: Member[] = [];
  /** The number of the first one in the list. */
  #begin = 0;
  /** Everything in the list before this index has left. */
  #first = 0;

  get size(): number {
    return this.#numbers.size;
  }

  /** The member that came first; undefined without any. */
  get oldest(): Member | undefined {
    for (; this.#first < this.#arrived.length; this.#first++) {
      // Safe: the index is in the list.
      const member = this.#arrived[this.#first] as Member;
      if (this.#numbers.get(member) === this.#begin + this.#first) return member;
    }
    return undefined;
  }

  /** Does nothing for a member. */
  add(member: Member): void {
    if (this.#numbers.has(member)) return;
    // Not each time: it costs a walk over all of them.
    if (this.#arrived.length > 2 * this.#numbers.size + 16) this.#forgetLeft();
    this.#numbers.set(member, this.#begin + this.#arrived.length);
    this.#arrived.push(member);
  }

  /** Returns whether it was a member. */
  delete(member: Member): boolean {
    const wasMember = this.#numbers.delete(member);
    // Nobody may come for a long time.
    if (wasMember && this.#numbers.size === 0) this.#forgetLeft();
    return wasMember;
  }

  #forgetLeft(): void {
    this.#begin += this.#arrived.length;
    this.#arrived = [...this.#numbers.keys()];
    this.#first = 0;
    for (const [index, member] of this.#arrived.entries()) this.#numbers.set(member, this.#begin + index);
  }
}
