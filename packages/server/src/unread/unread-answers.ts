import type { Clock } from "@tidings/protocol/clock";
import type { TurnQueue } from "../runtime/turn-queue.ts";
import { AnswerRoom, type AnswerReader } from "./answer-room.ts";
import { CountedRooms } from "./counted-rooms.ts";
import { bytesOf, createHeldParts } from "./held-parts.ts";
import { STALL_TIME_WHEN_WANTED, StallWatch } from "./stall-watch.ts";
import { createWaitingPages } from "./waiting-pages.ts";

/** What a page counts as while it is made and its size is not known, beside what it holds. */
const EXPECTED_BYTES = 1024 * 1024;
/** How many bytes pages may hold together while they have no room among the answers. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;
/** How long a reader may take nothing in any case, in milliseconds. */
const STALL_TIME = 30_000;

/** The answers of a hub that their readers have not taken. Together they have a bounded size. */
export interface UnreadAnswers {
  /**
   * Waits until there is room to make one more page, or its reader is gone. While others wait for their room, readers
   * that have taken nothing for a second are given up, and a page that is made for longer than a second does not count
   * until it is written.
   */
  enter(reader: AnswerReader): Promise<AnswerRoom>;
  /** Room for an answer that is made and small. It does not wait. */
  add(reader: AnswerReader, bytes: number): AnswerRoom;
}

/** @param turns where answers wait for their turn to be given up: very many may be over at the same moment */
export function createUnreadAnswers(
  clock: Pick<Clock, "monotonic" | "setTimeout">,
  turns: Pick<TurnQueue, "add">,
): UnreadAnswers {
  const counted = new CountedRooms<AnswerRoom>(clock);
  const waiting = createWaitingPages<AnswerRoom>({
    hasRoom: (room) => counted.fits(expectedBytes(room)),
    enter: (room) => count(room, expectedBytes(room)),
  });
  const held = createHeldParts<AnswerRoom>();
  const stallWatch = new StallWatch({ clock, isIdle: () => counted.isEmpty, look: giveUpStalled });

  function count(room: AnswerRoom, bytes: number): void {
    waiting.noteUnderWay(room);
    held.remove(room);
    counted.set(room, bytes);
    stallWatch.start();
  }

  function uncount(room: AnswerRoom): void {
    if (!counted.delete(room)) return;
    waiting.noteOver(room);
    waiting.letIn();
    if (counted.isEmpty) stallWatch.stop();
  }

  function setAside(room: AnswerRoom): void {
    uncount(room);
    // It may hold more than it did before.
    held.remove(room);
    held.add(room);
    while (held.bytes() > MOST_HELD_BYTES) {
      const largest = held.largest();
      if (largest === null) return;
      held.remove(largest);
      largest.refuse();
    }
  }

  /** All of them at once: the next newcomers must not wait for another look. */
  function giveUpStalled(): void {
    for (const room of counted.stalled(patienceFor)) {
      if (room.giveUp === null) {
        setAside(room);
      } else {
        room.leave();
        turns.add(room.giveUp);
      }
    }
  }

  function patienceFor(room: AnswerRoom): number {
    // Refusals do not wait for room, so together they may take too much.
    if (waiting.isWanted(room) || counted.isOverfull) return STALL_TIME_WHEN_WANTED;
    return room.giveUp === null ? Infinity : STALL_TIME;
  }

  const roomNeeds = {
    resize(room: AnswerRoom, bytes: number) {
      count(room, bytes);
      waiting.letIn();
    },
    uncount,
    setAside,
    forget(room: AnswerRoom) {
      uncount(room);
      held.remove(room);
    },
    wait: (room: AnswerRoom) => waiting.wait(room),
  };

  return {
    async enter(reader) {
      const room = new AnswerRoom(roomNeeds, reader);
      await waiting.wait(room);
      return room;
    },

    add(reader, bytes) {
      const room = new AnswerRoom(roomNeeds, reader);
      room.noteProgress(bytes);
      return room;
    },
  };
}

function expectedBytes({ parts }: AnswerRoom): number {
  return EXPECTED_BYTES + bytesOf(parts);
}
