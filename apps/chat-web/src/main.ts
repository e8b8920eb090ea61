import { ApiError, whoAmI } from "./api.ts";
import { Room } from "./room.ts";
import { SignIn } from "./sign-in.ts";

const signIn = new SignIn((name) => {
  signIn.hide();
  room.enter(name);
});
const room = new Room((problem) => signIn.show(problem));

try {
  const name = await whoAmI();
  if (name === null) signIn.show();
  else room.enter(name);
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  signIn.show(`${error.message} Please try again in a moment.`);
}
