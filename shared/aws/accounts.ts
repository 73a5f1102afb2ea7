import type { STSClient } from "@aws-sdk/client-sts";
import { CordonError } from "../errors.ts";
import type { Clock } from "../types.ts";
import { sortAwsError, unavailable } from "./aws-errors.ts";
import { CALL_LIMITS } from "./call-limits.ts";

/** How a cell acts in accounts that are not its own. */
export interface Membership {
  /** The role's name, the same in every member. */
  readonly roleName: string;
  /** What that role asks for besides the caller, so that nobody else's words make this cell act there. */
  readonly externalId: string;
  /** The members; when left out, every account whose role lets the cell in is one. */
  readonly accounts?: readonly string[];
}

/** Temporary credentials for one member, of the form SDK clients take. */
export interface MemberCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** Where the cell itself is. */
export interface Own {
  readonly account: string;
  /** `aws`, `aws-cn` ...; no role can be assumed across partitions, so that every member is in it too. */
  readonly partition: string;
}

/** What is known of one member: credentials, or the call that is to bring them. */
interface Session {
  readonly credentials: Promise<MemberCredentials>;
  /** Good until then; while the call is under way, for everybody who asks. */
  untilMs: number;
}

const SESSION_SECONDS = 3_600;
/** An SDK client asks for new credentials when the old ones have five minutes left; new ones have to be there by then. */
const REFRESH_MS = 5 * 60_000;
/** STS takes no longer session name. */
const MAX_SESSION_NAME = 64;

/**
 * Which accounts this cell serves, and with what credentials. STS, and the SDK's client for it, come into play for other accounts only: for a cell's
 * own, the function's credentials do.
 */
export class Accounts {
  readonly #clock: Clock;
  readonly #membership: Membership | undefined;
  readonly #sessionName: string;
  readonly #sessions = new Map<string, Session>();
  #own: Promise<Own> | undefined;
  #sts: STSClient | undefined;

  /** @param functionName as deployed; it names the session in members' CloudTrail */
  constructor(clock: Clock, membership?: Membership, functionName = "") {
    this.#clock = clock;
    this.#membership = membership;
    const name = functionName.startsWith("cordon") ? functionName : `cordon-${functionName}`;
    this.#sessionName = name.slice(0, MAX_SESSION_NAME);
  }

  /** Tells the own account by the ARN the function was invoked by, which saves asking STS. Without one (`osls invoke local`) nothing is learned. */
  learnOwn(functionArn: string | undefined): void {
    const [, partition, , , account] = functionArn?.split(":") ?? [];
    if (partition && account) this.#own ??= Promise.resolve({ account, partition });
  }

  /**
   * The cell's own account. Where no function's ARN told it, GetCallerIdentity does, which needs no permission.
   *
   * @throws CordonError `unavailable`
   */
  async own(): Promise<Own> {
    this.#own ??= this.#askSts();
    try {
      return await this.#own;
    } catch (error) {
      this.#own = undefined;
      throw unavailable("GetCallerIdentity", error);
    }
  }

  /** Whether an account is the cell's own, or one that is named as a member. Of members that nobody named it is not known before they are asked. Throws CordonError `unavailable`. */
  async isServed(account: string): Promise<boolean> {
    const own = await this.own();
    return account === own.account || this.#membership?.accounts?.includes(account) === true;
  }

  /**
   * Credentials to act in an account with; undefined stands for the function's own. Side effect: the first time, and again when they run out,
   * AssumeRole; once for all who ask meanwhile. A refusal is not remembered.
   *
   * @throws CordonError `foreign-account` when this cell does not serve that account, `unavailable`, `denied`
   */
  async credentialsFor(account: string): Promise<MemberCredentials | undefined> {
    const own = await this.own();
    if (account === own.account) return undefined;
    const membership = this.#memberIn(account, own);
    const known = this.#sessions.get(account);
    if (known !== undefined && this.#clock.nowMs() < known.untilMs) return known.credentials;
    const credentials = this.#assume(account, own, membership);
    const session: Session = { credentials, untilMs: Number.POSITIVE_INFINITY };
    this.#sessions.set(account, session);
    credentials.then(
      ({ expiration }) => {
        session.untilMs = expiration.getTime() - REFRESH_MS;
      },
      () => this.#sessions.delete(account),
    );
    return credentials;
  }

  #memberIn(account: string, own: Own): Membership {
    const membership = this.#membership;
    if (membership === undefined) {
      const expected = `expected ${own.account}, the cell's own: CORDON_MEMBER_ROLE is not set, so no other is served`;
      throw new CordonError("foreign-account", `found a resource of account ${account}; ${expected}`);
    }
    if (membership.accounts?.includes(account) === false) {
      const expected = `expected ${own.account}, the cell's own, or one of CORDON_ACCOUNTS`;
      throw new CordonError("foreign-account", `found a resource of account ${account}; ${expected}`);
    }
    return membership;
  }

  async #assume(account: string, own: Own, { roleName, externalId }: Membership): Promise<MemberCredentials> {
    const { sdk, sts } = await this.#openSts();
    const RoleArn = `arn:${own.partition}:iam::${account}:role/${roleName}`;
    try {
      const { Credentials } = await sts.send(
        new sdk.AssumeRoleCommand({
          RoleArn,
          RoleSessionName: this.#sessionName,
          ExternalId: externalId,
          DurationSeconds: SESSION_SECONDS,
        }),
      );
      const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "", Expiration } = Credentials ?? {};
      if (AccessKeyId === "" || Expiration === undefined) throw new Error("an answer without credentials");
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        expiration: Expiration,
      };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable("AssumeRole", error);
      // STS says AccessDenied of a role that is not there, too.
      if (!failure.code.startsWith("AccessDenied"))
        throw new CordonError("denied", `AWS refused to let ${RoleArn} be assumed: ${failure.message}`, {
          cause: error,
        });
      const expected = "expected it to be there, and to trust this function with CORDON_EXTERNAL_ID";
      throw new CordonError(
        "foreign-account",
        `found a resource of account ${account}, whose role ${RoleArn} does not let this cell in (${failure.message}); ${expected}`,
        { cause: error },
      );
    }
  }

  async #askSts(): Promise<Own> {
    const { sdk, sts } = await this.#openSts();
    const { Account, Arn } = await sts.send(new sdk.GetCallerIdentityCommand({}));
    const partition = Arn?.split(":")[1];
    if (!Account || !partition) throw new Error("an answer without account");
    return { account: Account, partition };
  }

  /** STS in the cell's own Region: sessions from there hold in every Region, and no other Region's trouble reaches it. */
  async #openSts() {
    const sdk = await import("@aws-sdk/client-sts");
    this.#sts ??= new sdk.STSClient(CALL_LIMITS);
    return { sdk, sts: this.#sts };
  }
}
