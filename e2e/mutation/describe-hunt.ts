import { expect, test } from "vitest";
import type { Mutation } from "./mutation.ts";

/** What breaks a package, and the subject whose stories notice it. */
export interface DirectedMutant<Subject extends string> {
  /** The sentence that it breaks, as what happens instead. */
  readonly breaks: string;
  readonly by: Subject;
  readonly mutation: Mutation;
}

/** Throws what is wrong. */
type Story = () => Promise<void>;

/**
 * Tries what stories are worth: those of a subject notice each of its mutants, and find no fault in a copy that is not
 * broken.
 *
 * @param storiesOf the stories of a subject, in a copy that a mutant breaks, by its index; for null, in one that is not
 *   broken
 */
export function describeHunt<Subject extends string>(
  mutants: readonly DirectedMutant<Subject>[],
  storiesOf: (subject: Subject, index: number | null) => Promise<readonly Story[]>,
): void {
  test.for([...new Set(mutants.map(({ by }) => by))])(
    "the stories of %s find no fault in a copy that is not broken",
    async (subject) => {
      expect(await firstFault(await storiesOf(subject, null))).toBeNull();
    },
  );

  test.for(mutants.map(({ breaks, by }, index) => [by, breaks, index] as const))(
    "the stories of %s notice when %s",
    async ([by, , index]) => {
      expect(await firstFault(await storiesOf(by, index))).not.toBeNull();
    },
  );
}

async function firstFault(stories: readonly Story[]): Promise<unknown> {
  try {
    for (const story of stories) await story();
    return null;
  } catch (fault) {
    return fault;
  }
}
