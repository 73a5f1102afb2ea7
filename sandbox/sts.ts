import { trailDate } from "./cloudtrail.ts";
import { ServiceError } from "./errors.ts";
import { rolePolicies } from "./iam/role-policies.ts";
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
import type { Credentials, Principal, PrincipalRegistry } from "./principals.ts";
import { escapeXml } from "./s3/wire.ts";
import type { SignatureProblem } from "./signatures.ts";
import type { Registry } from "./stack/registry.ts";

type Input = Readonly<Record<string, string>>;
interface Handler {
  /** Whether the signature is verified: where the answer says who signed. */
  isSigned?: true;
  /** The parameters it acts on; others are refused. */
  parameters: readonly string[];
  permissions(input: Input, caller: Principal | undefined): Permission[];
  /** What CloudTrail writes down, besides what is answered. */
  trail?(input: Input, context: CallContext): TrailSubject;
  /** `tell` gives CloudTrail the answer, without secrets. */
  run(input: Input, context: CallContext, tell: (answer: Record<string, unknown>) => void): string;
}

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const HOUR_SECONDS = 3600;
const MIN_SECONDS = 900;
const MAX_SECONDS = 43_200;
const USER_SECONDS = { least: MIN_SECONDS, most: 129_600, usual: 43_200 };

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
      trail: ({ DurationSeconds }, { region, principal }) => ({
        ...STS_TRAIL,
        region,
        account: principal.account,
        requestParameters: DurationSeconds === undefined ? null : { durationSeconds: Number(DurationSeconds) },
        resources: [],
      }),
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

/** A source identity, given or brought along, has to be let by the caller's policies and by the role's trust. */
function permissionsToAssume(
  { RoleArn = "", RoleSessionName = "", ExternalId, SourceIdentity }: Input,
  caller: Principal | undefined,
): Permission[] {
  const sourceIdentity = SourceIdentity ?? caller?.sourceIdentity;
  const permission = {
    resource: RoleArn,
    account: readRoleArn(RoleArn).account,
    keys: {
      "sts:RoleSessionName": RoleSessionName,
      ...(ExternalId === undefined ? {} : { "sts:ExternalId": ExternalId }),
      ...(sourceIdentity === undefined ? {} : { "sts:SourceIdentity": sourceIdentity }),
    },
  };
  const actions = ["sts:AssumeRole", ...(sourceIdentity === undefined ? [] : ["sts:SetSourceIdentity"])];
  return actions.map((action) => ({ action, ...permission }));
}

function assumeRole(
  principals: PrincipalRegistry,
  registry: Registry,
  { RoleArn = "", RoleSessionName: sessionName = "", DurationSeconds, SourceIdentity }: Input,
  { at, principal }: CallContext,
  tell: (answer: Record<string, unknown>) => void,
): string {
  const { account, name } = readRoleArn(RoleArn);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw invalid(`Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
  }
  const sourceIdentity = chooseSourceIdentity(SourceIdentity, principal);
  const role = registry.find("AWS::IAM::Role", name, account, "");
  const seconds = DurationSeconds === undefined ? HOUR_SECONDS : Number(DurationSeconds);
  checkDuration(seconds, Number(role?.properties.MaxSessionDuration ?? HOUR_SECONDS), principal.type === "AssumedRole");
  const expiresAt = at + seconds * 1000;
  const { credentials, arn, principalId } = principals.create(
    {
      type: "AssumedRole",
      name,
      account,
      sessionName,
      expiresAt,
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      policies: () => rolePolicies(registry, account, name),
    },
    // A container is still the same process when it calls as another role: faults must find it.
    principal.container && principal.functionName
      ? { container: principal.container, functionName: principal.functionName }
      : undefined,
  );
  tell({
    credentials: { accessKeyId: credentials.accessKeyId, expiration: trailDate(expiresAt) },
    assumedRoleUser: { assumedRoleId: principalId, arn },
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  });
  return `${writeCredentials(credentials, expiresAt)}<AssumedRoleUser><Arn>${escapeXml(arn)}</Arn><AssumedRoleId>${principalId}</AssumedRoleId></AssumedRoleUser>${sourceIdentity === undefined ? "" : `<SourceIdentity>${sourceIdentity}</SourceIdentity>`}`;
}

/** A user's own temporary credentials. */
function createUserSession(
  principals: PrincipalRegistry,
  { DurationSeconds }: Input,
  { at, principal }: CallContext,
  tell: (answer: Record<string, unknown>) => void,
): string {
  if (principal.credentials.sessionToken !== undefined) {
    throw new ServiceError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
  }
  const seconds = DurationSeconds === undefined ? USER_SECONDS.usual : Number(DurationSeconds);
  if (!(seconds >= USER_SECONDS.least && seconds <= USER_SECONDS.most)) {
    throw invalid(
      `1 validation error detected: Value '${DurationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between ${USER_SECONDS.least} and ${USER_SECONDS.most}`,
    );
  }
  const expiresAt = at + seconds * 1000;
  const { credentials } = principals.createUserSession(principal, expiresAt);
  tell({ credentials: { accessKeyId: credentials.accessKeyId, expiration: trailDate(expiresAt) } });
  return writeCredentials(credentials, expiresAt);
}

function writeCredentials({ accessKeyId, secretAccessKey, sessionToken }: Credentials, expiresAt: number): string {
  return `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${new Date(expiresAt).toISOString()}</Expiration></Credentials>`;
}

const STS_TRAIL = { eventSource: "sts.amazonaws.com", isReadOnly: true } as const;

/** In the trail of the role's account, and in the caller's when that is another. */
function describeAssumption(input: Input, { region }: CallContext): TrailSubject {
  const { RoleArn = "", RoleSessionName, ExternalId, DurationSeconds, SourceIdentity } = input;
  const { account } = readRoleArn(RoleArn);
  return {
    ...STS_TRAIL,
    region,
    account,
    requestParameters: {
      roleArn: RoleArn,
      roleSessionName: RoleSessionName,
      ...(ExternalId !== undefined && { externalId: ExternalId }),
      ...(DurationSeconds !== undefined && { durationSeconds: Number(DurationSeconds) }),
      ...(SourceIdentity !== undefined && { sourceIdentity: SourceIdentity }),
    },
    resources: [{ accountId: account, type: "AWS::IAM::Role", ARN: RoleArn }],
  };
}

/** What was set once can't be changed by assuming another role. */
function chooseSourceIdentity(given: string | undefined, { sourceIdentity: own, arn }: Principal): string | undefined {
  if (given === undefined || given === own) return own;
  if (own !== undefined) {
    const message = `User: ${arn} is not authorized to perform: sts:SetSourceIdentity: the source identity is set already`;
    throw new ServiceError("AccessDenied", message, 403);
  }
  if (/^[\w+=,.@-]{2,64}$/.test(given)) return given;
  throw invalid(`Value '${given}' at 'sourceIdentity' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
}

function checkDuration(seconds: number, roleMaximum: number, isChained: boolean): void {
  const refuse = (bound: string): ServiceError =>
    invalid(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`,
    );
  if (!(seconds >= MIN_SECONDS)) throw refuse(`greater than or equal to ${MIN_SECONDS}`);
  if (seconds > MAX_SECONDS) throw refuse(`less than or equal to ${MAX_SECONDS}`);
  if (isChained && seconds > HOUR_SECONDS) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (seconds > roleMaximum) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
}

function readRoleArn(arn: string): { account: string; name: string } {
  const [, account, name] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined || name === undefined) throw invalid(`${arn || "RoleArn"} is invalid`);
  return { account, name };
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationError", message, 400);
}

function answer(status: number, body: string, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "text/xml", ...headers }, body };
}
