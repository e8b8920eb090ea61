import { byteLength, type EventLog } from "@tidings/log";
import { PAGE_HEADERS, type ParsedRequest } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import { partPosition, type PartPosition } from "../position/part-cursor.ts";
import { findStartPosition, type PositionNeeds, type StartPosition } from "../position/start-position.ts";
import type { Admission } from "../request/admission.ts";
import { admit, type AdmitNeeds } from "../request/admit.ts";
import { askLog, type AskLogNeeds } from "../request/ask-log.ts";
import { Refusal } from "../request/refusal.ts";
import { untilGone } from "../request/until-gone.ts";
import type { WholeResponse } from "../request/response.ts";
import { readHead } from "../runtime/read-head.ts";
import { allowsTheSame, type Access } from "../rights/access.ts";
import type { Commands } from "../rights/commands.ts";
import type { Displacement } from "../stream/displacement.ts";
import type { AnswerRoom } from "../unread/answer-room.ts";
import type { UnreadAnswers } from "../unread/unread-answers.ts";
import { catchUp, type CatchUpNeeds } from "./catch-up.ts";
import { history, type HistoryNeeds } from "./history.ts";
import { pageJson, type PageParts } from "./page-parts.ts";
import type { Snapshots } from "./snapshots.ts";
import { states, type StateNeeds } from "./states.ts";

/** How often a page is made for one request. Only an `authorize` that answers differently each time gets there. */
const MOST_ATTEMPTS = 5;

export interface PageAnswerNeeds
  extends AdmitNeeds, AskLogNeeds, PositionNeeds, CatchUpNeeds, HistoryNeeds, StateNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "recent" | "current">;
  readonly clock: CatchUpNeeds["clock"];
  readonly admission: Pick<Admission, "checkRoom" | "enter" | "leave">;
  /** A long poll takes the room of a stream, so it may take it from one. */
  readonly displacement: Displacement;
  /** The same for pages that do not wait: they count apart from streams, until their readers have them. */
  readonly pageAdmission: Pick<Admission, "checkRoom" | "enter" | "leave">;
  /** Together, the pages that are made and those that are not read have a bounded size. */
  readonly unread: Pick<UnreadAnswers, "enter">;
  readonly commands: Pick<Commands, "count" | "missedSince">;
  readonly snapshots: Snapshots;
}

/**
 * Answers a request with a page (PROTOCOL.md, section 6): who and what, from where, and then the events or states.
 *
 * If rights may have changed while the page was made, `authorize` is asked again. That answer is newer than everything
 * in the page. So if it allows the same, the page is sent, even if rights have changed once more meanwhile; otherwise
 * commands that come often enough would keep a page back for ever. If it allows anything else, or a failover has
 * perhaps taken what is in the page, the page is made again, this time without waiting.
 *
 * @throws Refusal
 */
export async function answerPage(
  needs: PageAnswerNeeds,
  request: HubRequest,
  parsed: ParsedRequest,
): Promise<WholeResponse> {
  let { wait } = parsed;
  let commandCount = needs.commands.count();
  let access = await admit(needs, request, parsed, (viewerId) => {
    if (wait > 0) needs.displacement.checkRoom(viewerId);
  });
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (parsed.snapshot) checkSnapshots(needs.snapshots, access);
    if (request.method === "HEAD") return { status: 200, headers: PAGE_HEADERS, body: "" };
    const { body, epoch, room, leave } = await makeBody(needs, request, { ...parsed, wait }, access);
    const send = (): WholeResponse => {
      void Promise.resolve(request.written).then(leave);
      return { status: 200, headers: PAGE_HEADERS, body, unread: room };
    };
    // A page for a client that is gone is never read, so nobody has to be asked again.
    if (request.signal.aborted || !haveRightsChanged(needs, access, commandCount)) return send();
    commandCount = needs.commands.count();
    try {
      // The page is in memory, and `authorize` may hang.
      const renewed = await untilGone(
        room.gone,
        admit(needs, request, parsed, () => {}),
      );
      const isSame = allowsTheSame(renewed, access) && (await isEpoch(needs, epoch, room.gone));
      if (isSame && renewed.end > needs.clock.now()) return send();
      access = renewed;
    } catch (error) {
      leave();
      throw reasonOf(error, request, room);
    }
    leave();
    wait = 0;
  }
  throw new Refusal(503, "unavailable", { detail: "The rights change faster than a page can be made." });
}

interface MadePage {
  readonly body: string;
  /** The epoch of the log that the page ends in. */
  readonly epoch: string;
  readonly room: AnswerRoom;
  /** The page no longer counts against the limits. */
  readonly leave: () => void;
}

/** Whether the log is still in the epoch of a page: otherwise a failover may have taken what the page says. */
function isEpoch(needs: PageAnswerNeeds, epoch: string, gone: AbortSignal): Promise<boolean> {
  return askLog(needs, { signal: gone }, async () => (await untilGone(gone, readHead(needs))).epoch === epoch);
}

/** Makes the page. It counts as an open answer until its reader has it, or has left. */
async function makeBody(
  needs: PageAnswerNeeds,
  request: HubRequest,
  parsed: ParsedRequest,
  access: Access,
): Promise<MadePage> {
  const { viewerId, refused } = access;
  // Once more, since other requests may have taken the room while `authorize` was asked.
  const isWaiting = parsed.wait > 0;
  const admission = isWaiting ? needs.admission : needs.pageAdmission;
  if (isWaiting) needs.displacement.makeRoom(viewerId);
  admission.checkRoom(viewerId);
  admission.enter(viewerId);
  // While it is made, every page counts beside the streams of its viewer.
  if (!isWaiting) needs.admission.enter(viewerId);
  const room = await needs.unread.enter(request);
  const reader = { signal: room.gone };
  const leave = (): void => {
    room.leave();
    admission.leave(viewerId);
  };
  try {
    const making = askLog(needs, reader, async () => {
      const part = partPosition(parsed.after);
      const start = await findStartPosition(needs, positionRequest(parsed, part), access, reader);
      const parts = await makeParts(needs, parsed, start, part, room);
      const end = partPosition(parts.cursor)?.events ?? parts.cursor;
      const body = pageJson(parts, refused);
      room.noteProgress(byteLength(body));
      return { body, epoch: end.epoch };
    });
    // A loader of the application may hang: the room of a client that has left must not wait for it.
    return { ...(await untilGone(room.gone, making)), room, leave };
  } catch (error) {
    leave();
    throw reasonOf(error, request, room);
  } finally {
    if (!isWaiting) needs.admission.leave(viewerId);
  }
}

/** Why there is no page: the error, unless it only says that the page had to give its room to others. */
function reasonOf(error: unknown, { signal }: Pick<HubRequest, "signal">, room: Pick<AnswerRoom, "gone">): unknown {
  if (!room.gone.aborted || signal.aborted) return error;
  return new Refusal(503, "limit", { detail: "This server has no room for a page of so many bytes now." });
}

function makeParts(
  needs: PageAnswerNeeds,
  parsed: ParsedRequest,
  start: StartPosition,
  part: PartPosition | null,
  room: AnswerRoom,
): Promise<PageParts> {
  if (parsed.snapshot) return states(needs, start, room);
  return isHistory(parsed) ? history(needs, parsed, start, room.gone) : catchUp(needs, parsed, start, part, room);
}

function isHistory({ last, before }: ParsedRequest): boolean {
  return last > 0 || before !== null;
}

/** The request as far as it names a position to go on from: history and snapshots do not go on from one. */
function positionRequest(parsed: ParsedRequest, part: PartPosition | null): ParsedRequest {
  if (parsed.snapshot || isHistory(parsed)) return { ...parsed, after: null, last: 0 };
  return part === null ? parsed : { ...parsed, after: part.events };
}

/** Whether the viewer may read less than when `authorize` was asked: a command has come since, or a right has ended. */
function haveRightsChanged(
  { commands, clock }: Pick<PageAnswerNeeds, "commands" | "clock">,
  access: Access,
  commandCount: number,
): boolean {
  if (access.end <= clock.now()) return true;
  return commands.missedSince(commandCount, access.viewerId, access.granted) !== "none";
}

function checkSnapshots(snapshots: Pick<Snapshots, "has">, { granted }: Access): void {
  const channels = [...granted].flatMap(([path, { address }]) => (snapshots.has(address) ? [] : path));
  if (channels.length === 0) return;
  throw new Refusal(404, "no-snapshot", { detail: "These channels have no snapshot.", channels });
}
