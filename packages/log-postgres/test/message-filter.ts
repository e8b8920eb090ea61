import { startProxy, type AnswerFilter } from "../../log/test/node/tcp-proxy.ts";

/** The type of the message of the server that says that a NOTIFY came. */
const NOTIFICATION = "A".charCodeAt(0);

/**
 * Forwards connections, but takes the notifications out of the answers, as a pooler of transactions does.
 *
 * @param isLossy asked at each of them. @default always
 */
export function filterNotifications(url: string, isLossy = () => true): ReturnType<typeof startProxy> {
  return startProxy(url, () => withoutNotifications(isLossy));
}

function withoutNotifications(isLossy: () => boolean): AnswerFilter {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const passed: Buffer[] = [];
    rest = Buffer.concat([rest, chunk]);
    // A message is one byte of type, four bytes of length, which they are part of, and the content.
    for (; rest.length >= 5 && rest.length > rest.readUInt32BE(1);) {
      const message = rest.subarray(0, rest.readUInt32BE(1) + 1);
      rest = rest.subarray(message.length);
      if (message[0] !== NOTIFICATION || !isLossy()) passed.push(message);
    }
    return passed;
  };
}
