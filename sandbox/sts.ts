import { ServiceError } from "./errors.ts";
import type { UserStore } from "./iam/users.ts";
import {
  type CallContext,
  failure,
  type Permission,
  type Service,
  type ServiceFailure,
  type TrailSubject,
  type WireRequest,
  type WireResponse,
} from "./operation.ts";
import type { Principal, PrincipalRegistry } from "./principals.ts";
import { escapeXml } from "./s3/wire.ts";
import type { SignatureProblem } from "./signatures.ts";
import type { Registry } from "./stack/registry.ts";
import { type StsInput as Input, invalid, type Tell } from "./sts-answers.ts";
import { assumeRole, describeAssumption, permissionsToAssume } from "./sts-assume-role.ts";
import { createUserSession, describeUserSession } from "./sts-session-token.ts";

interface Handler {
  /** Whether the signature is verified: where the answer says who signed. */
  isSigned?: true;
  /** The parameters it acts on; others are refused. */
  parameters: readonly string[];
  permissions(input: Input, caller: Principal | undefined): Permission[];
  /** What CloudTrail writes down, besides what is answered. */
  trail?(input: Input, context: CallContext): TrailSubject;
  /** `tell` gives CloudTrail the answer, without secrets. */
  run(input: Input, context: CallContext, tell: Tell): string;
}

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
/**
 * GetCallerIdentity, whose signature is verified, AssumeRole, a user's GetSessionToken (without MFA, and without its sessions' limits
 * on IAM's and STS's calls), and GetAccessKeyInfo. A role's trust policy, its policies and the length of its sessions come from
 * `registry`; in an account without any role there, every role exists, trusts everybody and may do everything.
 */
export function createSts(principals: PrincipalRegistry, registry: Registry, users: UserStore): Service {
  const handlers: Record<string, Handler> = {
    GetCallerIdentity: {
      isSigned: true,
      parameters: [],
      // Needs no permission and can't be denied.
      permissions: () => [],
      run: (_input, { principal }) =>
        `<Arn>${escapeXml(principal.arn)}</Arn><UserId>${principal.principalId}</UserId><Account>${principal.account}</Account>`,
    },
    AssumeRole: {
      parameters: ["RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "SourceIdentity"],
      permissions: permissionsToAssume,
      trail: describeAssumption,
      run: (input, context, tell) => assumeRole(principals, registry, input, context, tell),
    },
    GetSessionToken: {
      parameters: ["DurationSeconds"],
      // Needs no permission and can't be denied.
      permissions: () => [],
      trail: describeUserSession,
      run: (input, context, tell) => createUserSession(principals, input, context, tell),
    },
    GetAccessKeyInfo: {
      parameters: ["AccessKeyId"],
      permissions: (_input, caller) => [
        { action: "sts:GetAccessKeyInfo", resource: "*", account: caller?.account ?? "" },
      ],
      run({ AccessKeyId = "" }) {
        const owner = users.ownerOf(AccessKeyId) ?? principals.byAccessKey(AccessKeyId);
        if (owner) return `<Account>${owner.account}</Account>`;
        throw new ServiceError("NotImplemented", "The sandbox knows the accounts of its own keys only", 501);
      },
    },
  };
  return {
    name: "sts",
    throttled: failure("Throttling", "Rate exceeded", 400),
    broken: failure("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    expired: failure("ExpiredToken", "The security token included in the request is expired", 403),
    fail: ({ code, message, status, headers }, requestId) =>
      answer(
        status,
        `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
        headers,
      ),
    parse(request) {
      const { Action: name = "", Version: _, ...input } = readParameters(request);
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new ServiceError("InvalidAction", `The sandbox does not implement sts ${name}`, 400);
      const unknown = Object.keys(input).find((parameter) => !handler.parameters.includes(parameter));
      if (unknown) throw invalid(`The sandbox does not implement ${unknown} of sts ${name}`);
      const { trail } = handler;
      let subject: TrailSubject | undefined;
      const tell = (responseElements: Record<string, unknown>): void => {
        if (subject) subject.responseElements = responseElements;
      };
      return {
        name,
        resource: input.RoleArn ?? "",
        input,
        actions: handler.permissions(input, undefined).map(({ action }) => action),
        permissions: ({ principal }) => handler.permissions(input, principal),
        mutating: false,
        ...(trail && {
          trail(context: CallContext) {
            subject = trail(input, context);
            return subject;
          },
        }),
        ...(handler.isSigned && { signature: { service: "sts", refuse: refuseSignature } }),
        execute: (context) =>
          answer(
            200,
            `<${name}Response xmlns="${NAMESPACE}"><${name}Result>${handler.run(input, context, tell)}</${name}Result><ResponseMetadata><RequestId>${context.requestId}</RequestId></ResponseMetadata></${name}Response>`,
            {},
          ),
      };
    },
  };
}

/** A form, or with GET a query. */
function readParameters({ method, query, body }: WireRequest): Record<string, string> {
  return Object.fromEntries(method === "GET" ? query : new URLSearchParams(body.toString("utf8")));
}

/** A signature that is too old has the code of a wrong one, as STS answers it. */
function refuseSignature({ kind, message }: SignatureProblem): ServiceFailure {
  const code =
    kind === "token" ? "InvalidClientTokenId" : kind === "incomplete" ? "IncompleteSignature" : "SignatureDoesNotMatch";
  return failure(code, message, 403);
}

function answer(status: number, body: string, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "text/xml", ...headers }, body };
}
