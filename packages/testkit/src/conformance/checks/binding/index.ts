import type { Check } from "../../check/check.js";
import { answersBinding } from "./answers-binding.js";
import { directSocketWorks } from "./direct-socket.js";
import { bindBesideStart, bindingOfOneSession, relayUnchanged, secondBindingWins } from "./plugin-sees.js";
import { refusesLateBinding, refusesWrongBinding } from "./refusals.js";

/** In the order in which they run. */
export const bindingChecks: readonly Check[] = [
  answersBinding,
  refusesWrongBinding,
  refusesLateBinding,
  relayUnchanged,
  directSocketWorks,
  secondBindingWins,
  bindingOfOneSession,
  bindBesideStart,
];
