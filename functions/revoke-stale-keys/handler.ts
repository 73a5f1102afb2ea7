import { catalogue } from "../../controls/catalogue.ts";
import { meta } from "../../controls/iam-access-key-is-rotated/meta.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { signalHandler } from "../../shared/runtime/handler.ts";
import { connect } from "../../shared/runtime/wire.ts";
import { withUsers } from "../../shared/runtime/wire-users.ts";
import { listenForKeys } from "./listen.ts";

/** Treats access keys of IAM users: by age, each day; by what is reported of them, at once. */
export const handler = signalHandler("revoke-stale-keys", meta.id, async () =>
  listenForKeys(await connect(process.env, catalogue, systemClock, withUsers), process.env),
);
