import { expect, test } from "vitest";

/** What breaks a package, and the stories that notice it. */
interface Mutant<Subject extends string> {
  readonly breaks: string;
  readonly by: Subject;
}

/**
 * Tries what stories are worth: those of a subject notice each of its mutants, and find no fault in a copy that is not
 * broken.
 *
 * @param faultOf runs the stories of a subject against the copy that a mutant breaks, by its index, or against one that
 *   is not broken, for null. Resolves with the first fault, or with null
 */
export function describeHunt<Subject extends string>(
  mutants: readonly Mutant<Subject>[],
  faultOf: (subject: Subject, index: number | null) => Promise<unknown>,
): void {
  test.for([...new Set(mutants.map(({ by }) => by))])(
    "the stories of %s find no fault in a copy that is not broken",
    async (subject) => {
      expect(await faultOf(subject, null)).toBeNull();
    },
  );

  test.for(mutants.map(({ breaks, by }, index) => [by, breaks, index] as const))(
    "the stories of %s notice when %s",
    async ([by, , index]) => {
      expect(await faultOf(by, index)).not.toBeNull();
    },
  );
}
