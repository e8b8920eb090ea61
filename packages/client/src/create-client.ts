import type { Address, AddressOf, AnyChannel, ChannelName, Contract } from "@tidings/contract";
import type { Client, EventsOptions, History, HistoryOptions } from "./client.ts";
import { handlerConsumer } from "./deliver/consumer.ts";
import { createDecoder } from "./deliver/decoder.ts";
import { createQueue } from "./deliver/event-queue.ts";
import { createPages } from "./drive/pages.ts";
import { createStreams } from "./drive/streams.ts";
import type { EndOf, EventOf } from "./handlers.ts";
import { toSettings, type ClientOptions } from "./options.ts";
import { toPosition, type Position } from "./state/position.ts";
import type { Reason } from "./status.ts";
import { mistake } from "./stream-error.ts";

/**
 * Creates a client. It connects when something is subscribed.
 *
 * @example
 * const client = createClient(chat, { url: "/events" });
 * client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: show, message: add });
 */
export function createClient<C extends Contract>(contract: C, options: ClientOptions): Client<C> {
  const settings = toSettings(options);
  const decoder = createDecoder(contract, settings);
  const pages = createPages(settings);
  const streams = createStreams(contract, settings, decoder, pages);

  /** A mistake leaves nothing behind. Programs without types may pass the channel itself. @throws TypeError */
  function channelOf(address: Address): AnyChannel {
    if (typeof (Object(address) as Partial<Address>).path !== "string") {
      throw mistake("an address", `${typeof address}; call channels with params`);
    }
    return decoder.channelOf(address);
  }

  return {
    status: streams.status,
    contract: streams.contract,
    subscribe(address, handlers, { after, signal } = {}) {
      const wantsState = channelOf(address).snapshot !== undefined;
      const consumer = handlerConsumer(address.path, handlers, settings.onError);
      const from = checkCursor("after", after);
      const { status, close, arrive } = streams.follow(address, consumer, wantsState, from, signal);
      return {
        status,
        close,
        reached: async (id, about) => arrive(cursorOf("id", id), about?.signal),
      };
    },
    events<Name extends ChannelName<C>>(address: AddressOf<C, Name>, { after, signal, ...queue }: EventsOptions = {}) {
      channelOf(address);
      const from = checkCursor("after", after);
      const events = createQueue(queue, settings.onError, (consumer) =>
        streams.follow(address, consumer, false, from, signal),
      );
      // The contract has decoded them.
      return events as AsyncIterableIterator<EventOf<C, Name>, Reason | EndOf<C, Name>>;
    },
    async history<Name extends ChannelName<C>>(
      address: AddressOf<C, Name>,
      { last = 50, before, signal }: HistoryOptions = {},
    ): Promise<History<EventOf<C, Name>, EndOf<C, Name>>> {
      channelOf(address);
      const page = await pages.fetch(
        {
          channels: new Map([[address.path, null]]),
          last,
          before: checkCursor("before", before)?.token ?? null,
        },
        signal,
      );
      const items = [...decoder.page(address, page)];
      const received = (kind: "event" | "end") => items.flatMap((item) => (item?.kind === kind ? item.event : []));
      // The contract has decoded them.
      const events = received("event") as EventOf<C, Name>[];
      const [end = null] = received("end") as EndOf<C, Name>[];
      const unreadable = items.flatMap((item) => (item?.kind === "unreadable" ? item : []));
      unreadable.forEach(({ error }) => settings.onError(error));
      return { events, end, cursor: page.cursor, more: page.more, unreadable: unreadable.map(({ data }) => data) };
    },
    reconnect: streams.reconnect,
    close: streams.close,
  };
}

/**
 * The position of a cursor that an application hands back.
 * @throws TypeError when it is no cursor: to start anywhere else would lose events without a word
 */
function cursorOf(name: string, token: string): Position {
  const position = toPosition(token);
  if (!position) {
    throw mistake(`"${name}" to be a cursor`, `"${token}"`);
  }
  return position;
}

/** The same, where there may be none. */
function checkCursor(name: string, token: string | undefined): Position | null {
  return token === undefined ? null : cursorOf(name, token);
}
