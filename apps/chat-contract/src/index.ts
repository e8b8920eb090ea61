export { chat, Membership, Mention, Message, Room } from "./chat.ts";
export { NewName, NewRoomName } from "./visible-name.ts";
export { MAX_NAME, MAX_ROOM_NAME, MAX_TEXT, MAX_TOPIC, Name, RoomName, Text, Topic } from "./words.ts";
