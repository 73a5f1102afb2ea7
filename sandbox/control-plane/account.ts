import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { ControlService } from "./control-service.ts";
import { readList, readText } from "./input.ts";
import { takePage } from "./page.ts";
import { type AccountRegions, DEFAULT_REGIONS, OPT_IN_REGIONS } from "./regions.ts";
import { createRestJsonService } from "./rest-json-protocol.ts";

/** ListRegions of the caller's own account: asking for another one takes an organisation's management account. */
export function createAccount(regions: AccountRegions): Service {
  const service: ControlService = {
    name: "account",
    nameOf: (input) => readText(input, "AccountId") ?? "",
    arnOf: (_input, { account }) => `arn:aws:account::${account}:account`,
    handlers: {
      ListRegions: {
        run(input, { account }) {
          const asked = readText(input, "AccountId") ?? account;
          if (asked !== account) {
            throw new ServiceError("AccessDeniedException", "User doesn't have access to the given account", 403);
          }
          const states = readList(input.RegionOptStatusContains);
          const all = [...DEFAULT_REGIONS, ...OPT_IN_REGIONS]
            .sort()
            .map((RegionName) => ({ RegionName, RegionOptStatus: statusOf(regions, account, RegionName) }))
            .filter(({ RegionOptStatus }) => states.length === 0 || states.includes(RegionOptStatus));
          const { items, next } = takePage(all, input.NextToken, input.MaxResults, "ValidationException");
          return { Regions: items, ...(next && { NextToken: next }) };
        },
      },
    },
  };
  return createRestJsonService(service, { ListRegions: ["POST", "/listRegions"] });
}

function statusOf(regions: AccountRegions, account: string, region: string): string {
  if (DEFAULT_REGIONS.includes(region)) return "ENABLED_BY_DEFAULT";
  return regions.isEnabled(account, region) ? "ENABLED" : "DISABLED";
}
