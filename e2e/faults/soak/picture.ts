/** What one person may see of the chat, as texts that can be compared and read. */
export interface Picture {
  /** Names by id. */
  readonly rooms: Readonly<Record<string, string>>;
  /** By room; null for a room without a topic. */
  readonly topics: Readonly<Record<string, string | null>>;
  /** By room, oldest first. */
  readonly messages: Readonly<Record<string, readonly string[]>>;
  /** By room: where the person is a member, and up to which number they have read. */
  readonly places: Readonly<Record<string, string>>;
  /** Unread mentions, sorted. */
  readonly mentions: readonly string[];
}

interface SaidMessage {
  readonly number: number;
  readonly author: string;
  readonly text: string;
  readonly mentions: readonly string[];
}

export const describeMessage = ({ number, author, text, mentions }: SaidMessage): string =>
  `${number} ${author}: ${text} [${mentions.join(", ")}]`;

export const describeTopic = ({ text, by }: { readonly text: string; readonly by: string }): string =>
  `${text} (${by})`;

export const describePlace = ({ joined, read }: { readonly joined: boolean; readonly read: number }): string =>
  `${joined ? "in" : "out"}, read up to ${read}`;

export const describeMention = ({ roomId, number }: { readonly roomId: string; readonly number: number }): string =>
  `${roomId} ${number}`;
