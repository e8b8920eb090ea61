import { formatCursor } from "@tidings/protocol";
import type * as readerModule from "../../../../packages/server/src/reader/reader.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { breaking, type Mutant } from "../mutant.ts";

type ReaderClass = (typeof readerModule)["Reader"];
type Given = ConstructorParameters<ReaderClass>;

const replaceReader = (wrapper: (original: ReaderClass) => ReaderClass): Mutation =>
  replace<typeof readerModule>("packages/server/src/reader/reader.ts", { Reader: wrapper });

/** Loops of the application that break laws. */
export const readerMutants: readonly Mutant[] = [
  breaking(
    "loops",
    "a loop is not told of what retention has dropped",
    replaceReader(
      (Reader) =>
        class extends Reader {
          override takeGap(...[holes, head]: Parameters<InstanceType<ReaderClass>["takeGap"]>) {
            if (head !== null) super.takeGap(holes, head);
          }
        },
    ),
    "a job falls behind what retention keeps",
  ),
  breaking(
    "loops",
    "a loop is not told of what a failover has taken",
    replaceReader(
      (Reader) =>
        class extends Reader {
          override takeGap(...[holes, head]: Parameters<InstanceType<ReaderClass>["takeGap"]>) {
            super.takeGap(head === null ? holes : [], head);
          }
        },
    ),
    "a job reads while the log fails over",
  ),
  breaking(
    "loops",
    "the first gap of a void position has the head for its cursor",
    replaceReader(
      (Reader) =>
        class extends Reader {
          head = "";
          override takeGap(...[holes, head]: Parameters<InstanceType<ReaderClass>["takeGap"]>) {
            if (head !== null) this.head = formatCursor(head);
            super.takeGap(holes, head);
          }
          override async next() {
            const item = await super.next();
            return item?.kind === "gap" && item.reason !== "trimmed" ? { ...item, cursor: this.head } : item;
          }
        },
    ),
    "a job reads while the log fails over",
  ),
  breaking(
    "loops",
    "the cursor of a loop is the ring's head",
    replaceReader(
      (Reader) =>
        class extends Reader {
          readonly needs: Given[0];
          constructor(...given: Given) {
            super(...given);
            this.needs = given[0];
          }
          override get cursor() {
            return super.cursor === null ? null : formatCursor(this.needs.ring.head);
          }
        },
    ),
    "a job is killed again and again",
  ),
  breaking(
    "loops",
    "the cursor of an item is that of the item before",
    replaceReader(
      (Reader) =>
        class extends Reader {
          before: string | null = null;
          override async next() {
            const item = await super.next();
            const { before } = this;
            this.before = item?.cursor ?? null;
            return item === null || before === null ? item : { ...item, cursor: before };
          }
        },
    ),
    "a job is killed again and again",
  ),
];
