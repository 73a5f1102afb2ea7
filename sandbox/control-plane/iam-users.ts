import type { IamUser } from "../iam/users.ts";
import type { ControlHandler } from "./control-service.ts";
import { type IamContext, isoSeconds, readUser, takeIamPage } from "./iam-input.ts";
import { readText } from "./input.ts";

/** Users as they are looked at. They come from seeds: no calls create or delete one here. */
export function userHandlers(context: IamContext): Record<string, ControlHandler> {
  const { users } = context;
  return {
    ListUsers: {
      arn: () => "*",
      run(input, { account }) {
        const prefix = readText(input, "PathPrefix") ?? "/";
        const { items, rest } = takeIamPage(
          users.list(account).filter(({ path }) => path.startsWith(prefix)),
          input,
        );
        return { Users: items.map(describeUser), ...rest };
      },
    },
    GetUser: {
      run(input, caller) {
        const { user } = readUser(context, input, caller, "GetUser");
        const Tags = describeTags(user);
        return { User: { ...describeUser(user), ...(Tags.length > 0 && { Tags }) } };
      },
    },
    ListUserTags: {
      run(input, caller) {
        const { items, rest } = takeIamPage(describeTags(readUser(context, input, caller, "ListUserTags").user), input);
        return { Tags: items, ...rest };
      },
    },
    ListMFADevices: {
      run(input, caller) {
        const { user } = readUser(context, input, caller, "ListMFADevices");
        const { items, rest } = takeIamPage(user.mfaDevices, input);
        const EnableDate = isoSeconds(user.createdAt);
        return {
          MFADevices: items.map((SerialNumber) => ({ UserName: user.name, SerialNumber, EnableDate })),
          ...rest,
        };
      },
    },
  };
}

function describeUser({ path, name, id, arn, createdAt, password }: IamUser): Record<string, unknown> {
  return {
    Path: path,
    UserName: name,
    UserId: id,
    Arn: arn,
    CreateDate: isoSeconds(createdAt),
    PasswordLastUsed: password?.lastUsedAt === undefined ? undefined : isoSeconds(password.lastUsedAt),
  };
}

function describeTags({ tags }: IamUser): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
