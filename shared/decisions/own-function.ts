import type { Accounts } from "../aws/accounts.ts";
import { accountRegionRef } from "../deployment/account-region.ts";
import { CordonError } from "../errors.ts";
import type { ResourceRef } from "../types.ts";

/** The function that decides, as whoever signs an order for it names it, and the account and Region it is in. Throws CordonError `unavailable`, `misconfigured`. */
export async function ownFunction(
  accounts: Pick<Accounts, "own">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly functionArn: string; readonly cell: ResourceRef }> {
  const { account, partition } = await accounts.own();
  const region = env.AWS_REGION ?? "";
  const cell = accountRegionRef({ account, region }, partition);
  if (cell === undefined || !env.CORDON_STACK)
    throw new CordonError("misconfigured", "AWS_REGION and CORDON_STACK have to name the cell's Region and stack");
  return { functionArn: `arn:${partition}:lambda:${region}:${account}:function:${env.CORDON_STACK}-decide`, cell };
}
