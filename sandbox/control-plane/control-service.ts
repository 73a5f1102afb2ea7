import type { ServiceName } from "../calls.ts";
import type { CallContext, Operation, Permission, TrailSubject, WireResponse } from "../operation.ts";
import type { Input } from "./input.ts";
import { toTrailParameters } from "./trail-parameters.ts";

/** Whose account a control-plane call is about, and when: always the caller's own. */
export interface Caller {
  account: string;
  region: string;
  /** Epoch ms on the sandbox's clock. */
  at: number;
  /** Name of the IAM user who calls, with a key of its own or temporary credentials; undefined for a role's session. */
  user?: string | undefined;
}

/** What one API operation does. */
export interface ControlHandler {
  /** Changes state, and then leaves a CloudTrail event whatever came of it. */
  mutating?: true;
  /** ARN of what the call is about, where the service's own `arnOf` doesn't tell; `*` without one. */
  arn?(input: Input, caller: Caller): string;
  /** What IAM is asked, where it is not the operation's own action on that ARN. */
  permissions?(input: Input, caller: Caller): Permission[];
  /** CloudTrail's name where it is not the operation's; `false` when AWS writes no management event about it. */
  eventName?: string | false;
  /** Members that CloudTrail leaves out. */
  omitted?: readonly string[];
  /** What CloudTrail tells of the answer; null by default. Never a secret. */
  trailAnswer?(output: Record<string, unknown>): Record<string, unknown>;
  /** HTTP status of success where the protocol leaves a choice; 200 by default. */
  status?: number;
  /** Do it in one go, and answer in the API's own shape. Throws ServiceError. */
  run(input: Input, caller: Caller): Record<string, unknown>;
}

/** A service's control plane, whatever its protocol. */
export interface ControlService {
  name: ServiceName;
  /** IAM's prefix where it is not the name: `cloudwatch` for `monitoring`. */
  iamPrefix?: string;
  /** Where its CloudTrail events appear; the call's Region by default. */
  trailRegion?: string;
  handlers: Readonly<Record<string, ControlHandler>>;
  /** What faults and denials know the subject by: a rule's name, a function's. Empty when there is none. */
  nameOf(input: Input): string;
  /** ARN of what the call is about, `*` without one. */
  arnOf(input: Input, caller: Caller): string;
  /** CloudTrail's word for an error code of the wire; the same by default. */
  trailCode?(code: string): string;
  /** CloudTrail's list of resources; none by default. */
  trailResources?(input: Input, caller: Caller): { accountId: string; type: string; ARN: string }[];
}

/** The call as the front takes it: permissions, trail and execution of one handler on one input. */
export function bindControlHandler(
  service: ControlService,
  name: string,
  handler: ControlHandler,
  input: Input,
  write: (output: Record<string, unknown>, context: CallContext) => WireResponse,
): Operation {
  const { iamPrefix = service.name } = service;
  const arnOf = handler.arn ?? service.arnOf;
  const ask = (caller: Caller): Permission[] =>
    handler.permissions?.(input, caller) ?? [
      { action: `${iamPrefix}:${name}`, resource: arnOf(input, caller), account: caller.account },
    ];
  const isTrailed = handler.mutating && handler.eventName !== false;
  let subject: TrailSubject | undefined;
  return {
    name,
    resource: service.nameOf(input),
    input,
    // Which actions they are doesn't hang on the caller, only their resources do.
    actions: ask({ account: "", region: "", at: 0 }).map(({ action }) => action),
    permissions: (context) => ask(callerOf(context)),
    mutating: handler.mutating ?? false,
    ...(isTrailed && {
      trail: (context: CallContext) => {
        subject = {
          eventSource: `${service.name}.amazonaws.com`,
          ...(handler.eventName && { eventName: handler.eventName }),
          region: service.trailRegion ?? context.region,
          account: context.principal.account,
          requestParameters: toTrailParameters(input, handler.omitted),
          resources: service.trailResources?.(input, callerOf(context)) ?? [],
          ...(service.trailCode && { errorCode: service.trailCode }),
        };
        return subject;
      },
    }),
    execute(context) {
      const output = handler.run(input, callerOf(context));
      if (subject && handler.trailAnswer) subject.responseElements = handler.trailAnswer(output);
      return write(output, context);
    },
  };
}

function callerOf({ principal, region, at }: CallContext): Caller {
  const user = principal.type === "IAMUser" ? principal.name : undefined;
  return { account: principal.account, region, at, user };
}
