export { addWord, AnswerEnd, AnswerState, ASSISTANT, ELLIPSIS, MAX_WORDS, Word } from "./answer.ts";
export { chat, Membership, Mention, Room } from "./chat.ts";
export {
  Answered,
  applyChange,
  Deleted,
  Edited,
  Emoji,
  Message,
  Reacted,
  REACTIONS,
  UNCHANGED,
  type MessageChange,
} from "./message.ts";
export { PERSON_HEADER, personHeader } from "./person-header.ts";
export { NewName, NewRoomName } from "./visible-name.ts";
export { NewText, NewTopic } from "./visible-text.ts";
export { MAX_NAME, MAX_ROOM_NAME, MAX_TEXT, MAX_TOPIC, Name, RoomName, Text, Topic } from "./words.ts";
