import type { Question } from "./model.ts";
import type { Queryable } from "./storage/database.ts";

/** An answer that is being written. */
export interface Answer {
  /** The id of its message. */
  readonly id: string;
  readonly roomId: string;
  readonly question: Question;
}

interface AnswerRow {
  readonly id: string;
  readonly room_id: string;
  /** JSON of the question. */
  readonly question: string;
}

/** The table of the answers that are being written. An answer that has ended is only a message. */
export function answersIn(database: Queryable) {
  const has = async (id: string): Promise<boolean> =>
    (await database.get("select 1 from answers where id = ?", id)) !== undefined;
  return {
    has,
    /** `ask` limits their number. */
    async all(): Promise<Answer[]> {
      return (await database.all<AnswerRow>("select id, room_id, question from answers")).map(toAnswer);
    },
    add: ({ id, roomId, question }: Answer): Promise<void> =>
      database.run(
        "insert into answers (id, room_id, question) values (?, ?, ?)",
        id,
        roomId,
        JSON.stringify(question),
      ),
    /** Returns whether the answer was still there. */
    async remove(id: string): Promise<boolean> {
      const wasThere = await has(id);
      await database.run("delete from answers where id = ?", id);
      return wasThere;
    },
  };
}

function toAnswer({ id, room_id: roomId, question }: AnswerRow): Answer {
  // Safe: `add` has written this JSON.
  return { id, roomId, question: JSON.parse(question) as Question };
}
