import type { Clock } from "@tidings/protocol/clock";

/** What {@link GroupCommit} needs. */
interface GroupCommitNeeds<Job> {
  readonly clock: Pick<Clock, "defer">;
  /** Commits jobs together, and settles each of them. Never rejects. */
  readonly commit: (jobs: readonly Job[]) => Promise<void>;
  /**
   * Which part of a group a job takes: 1 is a full one. A group gets no further job when it would be more than full; a
   * single job may be more. @default 0: a group has everything that waits
   */
  readonly shareOf?: (job: Job) => number;
}

/**
 * Collects the jobs of one turn of the event loop, so that they cost one commit. One group is committed after the
 * other, in the order of the calls. What comes meanwhile is the next group.
 */
export class GroupCommit<Job> {
  readonly #needs: GroupCommitNeeds<Job>;
  #jobs: Job[] = [];
  #committing: Promise<void> | null = null;

  constructor(needs: GroupCommitNeeds<Job>) {
    this.#needs = needs;
  }

  add(job: Job): void {
    this.#jobs.push(job);
    this.#committing ??= this.#commitAll();
  }

  /** Takes the jobs that wait for the next group: a commit may take them along, or give them up. */
  takeWaiting(): Job[] {
    return this.#jobs.splice(0);
  }

  /** Resolves when everything that was added is committed or given up. */
  async finish(): Promise<void> {
    await this.#committing;
  }

  async #commitAll(): Promise<void> {
    while (this.#jobs.length > 0) {
      // Those who were answered by the last commit get their turn, too.
      await new Promise<void>((resolve) => this.#needs.clock.defer(resolve));
      await this.#needs.commit(this.#nextGroup());
    }
    this.#committing = null;
  }

  /** Takes the oldest jobs, as many as a group may have. */
  #nextGroup(): Job[] {
    const { shareOf = () => 0 } = this.#needs;
    let sum = 0;
    const end = this.#jobs.findIndex((job, index) => {
      sum += shareOf(job);
      return index > 0 && sum > 1;
    });
    return this.#jobs.splice(0, end === -1 ? this.#jobs.length : end);
  }
}
