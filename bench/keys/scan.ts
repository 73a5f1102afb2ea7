/**
 * The plain scan that many tools run each day: every user of the account is asked for his keys, and whatever is over 90 days is deactivated. It warns nobody, asks nobody, looks at
 * no use, and keeps no record of what it did and how to undo it.
 */
import { IAMClient, paginateListAccessKeys, paginateListUsers, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";

const iam = new IAMClient({ retryMode: "adaptive" });
const MOST_MS = 90 * 86_400_000;

export async function handler(): Promise<{ readonly deactivated: number }> {
  let deactivated = 0;
  for await (const { Users = [] } of paginateListUsers({ client: iam, pageSize: 1_000 }, {}))
    for (const { UserName } of Users) deactivated += await endOldKeys(UserName);
  return { deactivated };
}

async function endOldKeys(UserName: string | undefined): Promise<number> {
  let ended = 0;
  for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys({ client: iam }, { UserName })) {
    for (const { AccessKeyId, Status, CreateDate } of AccessKeyMetadata) {
      if (Status !== "Active" || Date.now() - (CreateDate?.getTime() ?? Date.now()) < MOST_MS) continue;
      await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Inactive" }));
      ended += 1;
    }
  }
  return ended;
}
