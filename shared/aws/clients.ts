import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import type { ResourceRef } from "../types.ts";
import type { Accounts, MemberCredentials } from "./accounts.ts";
import { CALL_LIMITS } from "./call-limits.ts";

/** Where a call is made: in the account and Region of the resource it is about. */
export type Place = Pick<ResourceRef, "account" | "region">;

interface ClientConfig {
  readonly region: string;
  readonly credentials?: () => Promise<MemberCredentials>;
  readonly maxAttempts?: number;
}

/**
 * SDK clients, made when first needed and kept for the container's life. Endpoint and the cell's own credentials and Region come from the environment
 * (`AWS_ENDPOINT_URL` is honoured by the SDK itself); other accounts' credentials from `Accounts`.
 */
export class AwsClients {
  readonly #accounts: Accounts | undefined;
  readonly #made = new Map<string, unknown>();
  #dynamoDb: DynamoDBClient | undefined;

  /** @param accounts whose accounts are served; without it every call is made with the function's own credentials */
  constructor(accounts?: Accounts) {
    this.#accounts = accounts;
  }

  /**
   * An S3 client: a bucket answers only in its own Region.
   *
   * @throws CordonError `foreign-account`, `unavailable` or `denied` when there are no credentials for that account
   */
  s3(place: Place): Promise<S3Client> {
    return this.in(place, S3Client, { forcePathStyle: forcePathStyle() });
  }

  /**
   * The same for calls that replace a configuration: never sent twice, because what was read before the first attempt may be stale by the second.
   *
   * @throws CordonError as `s3` does
   */
  s3Writer(place: Place): Promise<S3Client> {
    return this.in(place, S3Client, { forcePathStyle: forcePathStyle(), maxAttempts: 1 });
  }

  /**
   * Any service's client for a place, the same one each time it is asked for with the same settings.
   *
   * @throws CordonError as `s3` does
   */
  async in<Client, More extends object>(
    place: Place,
    Service: new (config: ClientConfig & More) => Client,
    more: More,
  ): Promise<Client> {
    const accounts = this.#accounts;
    const { account, region } = place;
    // Asked each time: an account can cease to be a member, and its credentials have to be renewed.
    const isMember = (await accounts?.credentialsFor(account)) !== undefined;
    const key = `${Service.name} ${isMember ? account : ""} ${region} ${Object.entries(more).join()}`;
    const made = this.#made.get(key) as Client | undefined;
    if (made !== undefined) return made;
    const client = new Service({ ...this.#config(place, isMember), ...more });
    this.#made.set(key, client);
    return client;
  }

  /**
   * What an SDK's client for a place is made with, for those who make their own.
   *
   * @throws CordonError as `s3` does
   */
  async configFor(place: Place): Promise<object> {
    return this.#config(place, (await this.#accounts?.credentialsFor(place.account)) !== undefined);
  }

  #config({ account, region }: Place, isMember: boolean): ClientConfig {
    const accounts = this.#accounts;
    return { ...CALL_LIMITS, region, ...(accounts && isMember && { credentials: providerOf(accounts, account) }) };
  }

  /** The cell's own table lies in the cell's Region. */
  dynamoDb(): DynamoDBClient {
    // Every call goes to the one endpoint with the one signer: what the SDK works out for a kind of call holds for the next. Of S3's clients that is not so, whose endpoint depends on the bucket.
    this.#dynamoDb ??= new DynamoDBClient({ ...CALL_LIMITS, cacheMiddleware: true });
    return this.#dynamoDb;
  }
}

/** On an endpoint of one's own, a bucket is a path: as a host name it would not resolve. */
const forcePathStyle = () => Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);

/** What an SDK client asks again when its credentials run out. */
function providerOf(accounts: Accounts, account: string): () => Promise<MemberCredentials> {
  return async () => {
    const credentials = await accounts.credentialsFor(account);
    if (credentials === undefined) throw new Error(`${account} is the cell's own account`);
    return credentials;
  };
}
