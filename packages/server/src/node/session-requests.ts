import type { Http2Session, ServerHttp2Stream } from "node:http2";

/** How many requests of one HTTP/2 session may be under way: open streams, and pages. */
const MOST_OF_SESSION = 256;
/** The error code of RFC 9113 for a request with which the server has done nothing, so it may be sent again. */
const REFUSED_STREAM = 7;

const countBySession = new WeakMap<Http2Session, number>();

/** Counts a request of HTTP/2 until its stream closes. Refuses it, and returns false, if its session has too many. */
export function enterSession(stream: ServerHttp2Stream): boolean {
  const { session } = stream;
  if (session === undefined) return true;
  const count = countBySession.get(session);
  if (count === undefined) announceBound(session);
  if (count === MOST_OF_SESSION) {
    stream.close(REFUSED_STREAM);
    return false;
  }
  countBySession.set(session, (count ?? 0) + 1);
  stream.once("close", () => countBySession.set(session, (countBySession.get(session) ?? 1) - 1));
  return true;
}

/** Tells the client the bound, so that a browser or a front end opens another session in time. */
function announceBound(session: Http2Session): void {
  function announce(): void {
    const most = session.localSettings.maxConcurrentStreams ?? Infinity;
    if (!session.closed && most > MOST_OF_SESSION) session.settings({ maxConcurrentStreams: MOST_OF_SESSION });
  }
  // What the application has chosen counts only after the client has confirmed it.
  if (session.pendingSettingsAck) session.once("localSettings", announce);
  else announce();
}
