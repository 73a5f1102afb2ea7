import { trailDate } from "../cloudtrail.ts";
import type { AccessKey, IamUser } from "../iam/users.ts";
import type { ControlHandler } from "./control-service.ts";
import {
  type IamContext,
  invalid,
  isoSeconds,
  limitExceeded,
  noSuchEntity,
  readUser,
  requireIamText,
  requireUser,
  takeIamPage,
} from "./iam-input.ts";
import { isRecord, readText } from "./input.ts";

const MAX_KEYS = 2;

/** Long-lived keys of users. Temporary credentials are none: no call here knows an `ASIA...`. */
export function accessKeyHandlers(context: IamContext): Record<string, ControlHandler> {
  const { users, ids } = context;
  return {
    ListAccessKeys: {
      run(input, caller) {
        const { user, state } = readUser(context, input, caller, "ListAccessKeys");
        const { items, rest } = takeIamPage(state.keys, input);
        return { AccessKeyMetadata: items.map((key) => describeKey(user, key)), ...rest };
      },
    },
    GetAccessKeyLastUsed: {
      arn(input, { account }) {
        const owner = users.ownerOf(readText(input, "AccessKeyId") ?? "");
        return owner?.account === account ? owner.arn : "*";
      },
      run(input, { account }) {
        const id = requireIamText(input, "AccessKeyId");
        const owner = users.ownerOf(id);
        // The API's reference names no error for it any more; an earlier one had this.
        if (owner?.account !== account) throw unknownKey(id);
        const use = users.useOf(id);
        const LastUsedDate = use && isoSeconds(use.at);
        return {
          UserName: owner.name,
          AccessKeyLastUsed: { LastUsedDate, ServiceName: use?.service ?? "N/A", Region: use?.region ?? "N/A" },
        };
      },
    },
    CreateAccessKey: {
      mutating: true,
      // Without the secret.
      trailAnswer: ({ AccessKey }) => ({ accessKey: isRecord(AccessKey) ? describeForTrail(AccessKey) : null }),
      run(input, caller) {
        const user = requireUser(users, input, caller);
        if (user.state.keys.length >= MAX_KEYS) {
          throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${MAX_KEYS}`);
        }
        const [id, secret, at] = [ids.key("AKIA"), ids.key("", 40), caller.at];
        const key: AccessKey = { id, secret, status: "Active", createdAt: at, changedAt: at };
        users.change(user, { keys: [...user.state.keys, key] }, at);
        return { AccessKey: { ...describeKey(user, key), SecretAccessKey: secret } };
      },
    },
    UpdateAccessKey: {
      mutating: true,
      run(input, caller) {
        const status = requireStatus(requireIamText(input, "Status"));
        const user = requireUser(users, input, caller);
        const key = requireKey(user, requireIamText(input, "AccessKeyId"));
        if (key.status === status) return {};
        const changed = { ...key, status, changedAt: caller.at };
        users.change(user, { keys: user.state.keys.map((each) => (each === key ? changed : each)) }, caller.at);
        return {};
      },
    },
    DeleteAccessKey: {
      mutating: true,
      run(input, caller) {
        const user = requireUser(users, input, caller);
        const key = requireKey(user, requireIamText(input, "AccessKeyId"));
        users.change(user, { keys: user.state.keys.filter((each) => each !== key) }, caller.at);
        return {};
      },
    },
  };
}

/** Of this user: another's key is not found, as none is. */
function requireKey({ state }: IamUser, id: string): AccessKey {
  const key = state.keys.find((each) => each.id === id);
  if (key) return key;
  throw unknownKey(id);
}

function unknownKey(id: string) {
  return noSuchEntity(`The Access Key with id ${id} cannot be found.`);
}

function requireStatus(status: string): AccessKey["status"] {
  if (status === "Active" || status === "Inactive") return status;
  throw invalid(
    `1 validation error detected: Value '${status}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
  );
}

function describeKey({ name }: IamUser, { id, status, createdAt }: AccessKey): Record<string, unknown> {
  return { UserName: name, AccessKeyId: id, Status: status, CreateDate: isoSeconds(createdAt) };
}

function describeForTrail({ UserName, AccessKeyId, Status, CreateDate }: Record<string, unknown>) {
  const createDate = trailDate(Date.parse(String(CreateDate)));
  return { userName: UserName, accessKeyId: AccessKeyId, status: Status, createDate };
}
