import type { Control } from "../../shared/control.ts";
import type { SessionsState } from "../../shared/keys/detect-sessions.ts";
import { sessionsControl } from "../../shared/keys/sessions-control.ts";
import { meta } from "./meta.ts";

/** Everybody's sessions of the role end with those of the key: policy/judge-key.ts has a person decide, whatever policy says. */
export const control: Control<SessionsState> = sessionsControl(meta, ({ roles }) => roles);
