import type { Control } from "../../shared/control.ts";
import { denying, type SessionsState } from "../../shared/keys/detect-sessions.ts";
import { sessionsControl } from "../../shared/keys/sessions-control.ts";
import { meta } from "./meta.ts";

/** A user has little room for inline policies, a role five times as much: where there is none, a managed one denies the same. */
export const control: Control<SessionsState> = {
  ...sessionsControl(meta, ({ users }) => users),
  otherwise: (state, offending, at) => denying(state, offending, at, "managed"),
};
